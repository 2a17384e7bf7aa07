internal import Compression
internal import Glibc
internal import Synchronization

/// A collector of a user's own for tests: takes NDJSON batches, recognises repeats by their key, and can misbehave. Stands
/// in for an InfluxDB too: it keeps the lines of any body.
public final class StandInCollector: Sendable {
    /// A way to misbehave on one request.
    public enum Fault: Sendable, Equatable {
        /// This answer, without storing anything.
        case answer(Int, String, type: String = "application/json", retryAfter: String? = nil)
        /// Stores, then closes without an answer.
        case lostAnswer
        /// Stores, then sends half of the answer.
        case halfBody
        /// Closes without storing.
        case closed
        /// Reads and never answers.
        case silent
        /// Something that is not HTTP.
        case garbage
        /// Stores and answers after this many milliseconds.
        case late(milliseconds: Int64)
        /// Stores and answers a byte at a time, so many milliseconds apart.
        case dribbled(milliseconds: Int64)
    }

    /// One request as it came.
    public struct Arrival: Sendable {
        /// Its head with names in lower case, its path, its lines.
        public var headers: [String: String]
        public var path: String
        public var lines: [String]
        public var bodyByteCount: Int
        /// Milliseconds of the monotonic clock.
        public var at: Int64
    }

    /// What came and what is kept.
    public struct Ledger: Sendable {
        /// Requests, the last `arrivalsMax` of them in full.
        public var requests = 0
        public var bodyBytes = 0
        public var arrivals: [Arrival] = []
        /// Lines stored, without those of repeats that were recognised.
        public var storedCount = 0
        public var lines: [String] = []
        /// Of these, those of other streams than `readings`: kept in any case.
        public var otherLines: [String] = []
        /// Repeats of a key: the same body again, or another under the same key.
        public var repeats = 0
        public var differing = 0
        var bodyHashByKey: [String: Int] = [:]
    }

    fileprivate struct State {
        var ledger = Ledger()
        var script: [Fault] = []
        var standing: Fault?
        var random: SeededRandom?
        var randomFaults: [Fault] = []
        var randomShare = 0.0
        var poison: String?
    }

    private static let arrivalsMax = 4_096

    private let state: Monitor<State>
    private let server: PeerServer
    private let keepsLines: Bool

    /// Listens at once. `keepsLines` keeps every line and request; without, they are counted.
    public init(keepsLines: Bool = true, port: UInt16 = 0) throws {
        let state = Monitor(State())
        self.state = state
        self.keepsLines = keepsLines
        server = try PeerServer(address: "127.0.0.1", port: port) { request, body in
            Self.respond(request, body, state, keepsLines)
        }
    }

    deinit { server.stop() }

    /// Where it listens.
    public var port: UInt16 { server.port }
    public var url: String { "http://127.0.0.1:\(server.port)" }

    /// Closes the port and every connection.
    public func stop() { server.stop() }

    /// Lends the ledger.
    public func withLedger<R>(_ body: (Ledger) throws -> R) rethrows -> R {
        try state.withLock { try body($0.ledger) }
    }

    /// Waits until the ledger satisfies `condition`; false if it does not within `limit`.
    public func wait(limit: Duration = .seconds(60), until condition: (Ledger) -> Bool) -> Bool {
        state.wait(limit: limit) { condition($0.ledger) }
    }

    /// The next `times` requests meet `fault`.
    public func inject(_ fault: Fault, times: Int = 1) {
        state.withLock { $0.script += Array(repeating: fault, count: times) }
    }

    /// Every request meets `fault` (nil: none) after the injected ones are used up.
    public func misbehave(_ fault: Fault?) { state.withLock { $0.standing = fault } }

    /// A share (0 to 1) of all requests meets one of `faults`.
    public func misbehaveAtRandom(share: Double, faults: [Fault], seed: UInt64) {
        state.withLock { state in
            state.random = SeededRandom(seed: seed)
            state.randomFaults = faults
            state.randomShare = share
        }
    }

    /// Condemns every batch with 400 that holds this text.
    public func condemn(_ text: String?) { state.withLock { $0.poison = text } }

    private static func respond(
        _ request: PeerRequest, _ body: UnsafeRawBufferPointer, _ state: Monitor<State>, _ keepsLines: Bool
    ) -> PeerReply {
        let headers = request.headers(before: body)
        guard let bytes = decoded(body, headers["content-encoding"]) else { return PeerReply(415, "{}") }
        return state.withLock { state in
            state.ledger.requests += 1
            state.ledger.bodyBytes += body.count
            let lines = bytes.split(separator: UInt8(ascii: "\n"))
            if keepsLines, state.ledger.arrivals.count < arrivalsMax {
                state.ledger.arrivals.append(
                    Arrival(
                        headers: headers, path: request.path, lines: lines.map { String(decoding: $0, as: UTF8.self) },
                        bodyByteCount: body.count, at: monotonicMilliseconds()))
            }
            let fault = state.nextFault()
            if let reply = fault.flatMap(replyInstead) { return reply }
            if let poison = state.poison, String(decoding: bytes, as: UTF8.self).contains(poison) {
                return PeerReply(400, #"{"detail":"poison"}"#)
            }
            state.store(bytes, lines, headers, keepsLines)
            var reply = PeerReply(200, "{}")
            switch fault {
            case .lostAnswer: reply.manner = .unanswered
            case .halfBody: reply.manner = .half
            case .late(let milliseconds): reply.manner = .late(milliseconds: milliseconds)
            case .dribbled(let milliseconds): reply.manner = .dribbled(milliseconds: milliseconds)
            default: break
            }
            return reply
        }
    }

    private static func replyInstead(_ fault: Fault) -> PeerReply? {
        switch fault {
        case .answer(let status, let body, let type, let retryAfter):
            var reply = PeerReply(status, body)
            reply.headers = "content-type: \(type)\r\n" + (retryAfter.map { "retry-after: \($0)\r\n" } ?? "")
            return reply
        case .closed: return PeerReply(unanswered: .unanswered)
        case .silent: return PeerReply(unanswered: .never)
        case .garbage: return PeerReply(unanswered: .garbage)
        case .lostAnswer, .halfBody, .late, .dribbled: return nil
        }
    }

    private static func decoded(_ body: UnsafeRawBufferPointer, _ encoding: String?) -> [UInt8]? {
        guard let encoding else { return Array(body) }
        // Nil is the answer to what cannot be decoded.
        return try? ContentEncoding(rawValue: encoding)?.decompress(body, byteCountMax: 64 << 20)
    }

    private static func monotonicMilliseconds() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Int64(now.tv_sec) * 1_000 + Int64(now.tv_nsec) / 1_000_000
    }
}

extension StandInCollector.State {
    fileprivate mutating func nextFault() -> StandInCollector.Fault? {
        if !script.isEmpty { return script.removeFirst() }
        if random?.chance(randomShare) == true, let index = random?.integer(in: 0...randomFaults.count - 1) {
            return randomFaults[index]
        }
        return standing
    }

    fileprivate mutating func store(
        _ bytes: [UInt8], _ lines: [ArraySlice<UInt8>], _ headers: [String: String], _ keeps: Bool
    ) {
        if let key = headers["idempotency-key"] {
            let hash = bytes.hashValue
            if let known = ledger.bodyHashByKey.updateValue(hash, forKey: key) {
                ledger.repeats += 1
                if known != hash { ledger.differing += 1 }
                return
            }
        }
        ledger.storedCount += lines.count
        if let stream = headers["mycogate-stream"], stream != "readings" {
            ledger.otherLines += lines.map { String(decoding: $0, as: UTF8.self) }
        }
        if keeps { ledger.lines += lines.map { String(decoding: $0, as: UTF8.self) } }
    }
}

extension PeerRequest {
    /// All headers, names in lower case. `body` is the one that came with the request: the head stands before it.
    func headers(before body: UnsafeRawBufferPointer) -> [String: String] {
        guard let base = body.baseAddress else { return [:] }
        let head = UnsafeRawBufferPointer(start: base - headCount, count: headCount)
        var headers: [String: String] = [:]
        for line in head.split(separator: UInt8(ascii: "\n")).dropFirst() {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
            let value = line[(colon + 1)...].drop { $0 == 0x20 }.prefix { $0 > 0x1F }
            headers[name] = String(decoding: value, as: UTF8.self)
        }
        return headers
    }
}
