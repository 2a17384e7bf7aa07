internal import CLinux
internal import Glibc

/// Everything the stand-in MAS knows; behind one lock.
struct MASState {
    let configuration: StandInMAS.Configuration
    var ledger = MASLedger()
    var registry: Set<String> = []
    var script: [MASRoute: [MASFault]] = [:]
    var standing: [MASRoute: MASFault] = [:]
    var standingByDevice: [String: MASFault] = [:]
    var random: UInt64 = 0
    var randomShare = 0.0
    var randomFaults: [MASFault] = []
    var limit: MASRateLimit

    init(_ configuration: StandInMAS.Configuration) {
        self.configuration = configuration
        limit = MASRateLimit(perMinute: configuration.requestsPerMinute, perHour: configuration.requestsPerHour)
    }

    /// The fault that the next request of `route` meets.
    mutating func nextFault(on route: MASRoute) -> MASFault? {
        if let first = script[route]?.first {
            script[route]?.removeFirst()
            return first
        }
        if let fault = standing[route] { return fault }
        guard route == .envelopes, randomShare > 0 else { return nil }
        let draw = Double(nextRandom() >> 11) / Double(1 << 53)
        return draw < randomShare ? randomFaults[Int(nextRandom() % UInt64(randomFaults.count))] : nil
    }

    /// SplitMix64.
    private mutating func nextRandom() -> UInt64 {
        random &+= 0x9E37_79B9_7F4A_7C15
        var value = random
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// The wall clock as FastAPI prints it.
    static func utc() -> String {
        var seconds = time(nil)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        var text = [CChar](repeating: 0, count: 32)
        let count = strftime(&text, text.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
        return String(decoding: text[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
