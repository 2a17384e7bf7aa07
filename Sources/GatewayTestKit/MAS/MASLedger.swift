/// What the stand-in MAS has received and accepted: kept outside of the gateway, to judge it by.
public struct MASLedger: Sendable {
    /// One message as it was first accepted.
    public struct Delivery: Sendable, Equatable {
        /// What the envelope named.
        public var device: String
        public var seq: Int64
        /// The envelope as first received, if contents are kept.
        public var envelope: [UInt8]
        public var contentHash: UInt64
        /// Times this message was accepted.
        public var count: Int
        /// Times it came with another content, sequence or device than the first time: must stay 0.
        public var differing: Int
        /// Position in the order of first arrival over all devices, from 0.
        public var position: Int
    }

    /// By message id.
    public private(set) var deliveries: [String: Delivery] = [:]
    /// Accepted requests, repeats included.
    public private(set) var accepted = 0
    /// Bodies of accepted audit entries, and of accepted agent tasks with the id in their path.
    public var auditEntries: [[UInt8]] = []
    public var agentTasks: [(device: String, body: [UInt8])] = []
    /// Requests answered with an error of the protocol's own: 400 and 422.
    public var refused = 0
    /// Requests answered 429 by the rate limit.
    public var limited = 0
    /// Heartbeats accepted, by device.
    public var heartbeats: [String: Int] = [:]
    /// The body of each device's last heartbeat.
    public var lastHeartbeat: [String: [UInt8]] = [:]
    /// Every request whatever its answer, and the milliseconds (monotonic) at which each of the last 4,096 came.
    public private(set) var requests = 0
    public private(set) var requestTimes: [Int64] = []

    /// First arrivals of one device, in order.
    public func messages(of device: String) -> [(id: String, seq: Int64)] {
        deliveries.filter { $0.value.device == device }.sorted { $0.value.position < $1.value.position }
            .map { ($0.key, $0.value.seq) }
    }

    /// Messages that came more than once, with equal content.
    public var repeats: Int { accepted - deliveries.count }
    public var differing: Int { deliveries.values.reduce(0) { $0 + $1.differing } }

    mutating func noteRequest(at now: Int64) {
        if requestTimes.count < 4_096 { requestTimes.append(now) } else { requestTimes[requests % 4_096] = now }
        requests += 1
    }

    mutating func accept(
        _ id: String, device: String, seq: Int64, envelope: UnsafeRawBufferPointer, keepsContent: Bool
    ) {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in envelope { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        accepted += 1
        if let known = deliveries[id] {
            let same = known.contentHash == hash && known.device == device && known.seq == seq
            deliveries[id]?.count += 1
            if !same { deliveries[id]?.differing += 1 }
            return
        }
        deliveries[id] = Delivery(
            device: device, seq: seq, envelope: keepsContent ? Array(envelope) : [], contentHash: hash, count: 1,
            differing: 0, position: deliveries.count)
    }
}
