/// Recognises what a resumed session repeats of devices that neither name nor number their messages: which of the messages
/// that the broker has sent before had been committed.
///
/// A broker sends what is not acknowledged again in its first order, before anything new, and what was committed is a
/// beginning of that order. So the repetition is a run of the committed messages that ends with the last of them: one
/// message that occurs only once tells where the run begins, and each further one is compared with the next in the run.
/// How long the run is must not be relied on: mosquitto 2.0.11 repeats more than the receive maximum after several
/// broken connections (measured: 9,000 after eight kills).
///
/// Messages that cannot be told apart say nothing about the run. While only such have come, as many of them are taken for
/// repetitions as stand among the last `expected` committed.
struct RedeliveryWindow: Sendable {
    /// A broker cannot have more under way: its packet identifiers are 16 bits.
    static let reachMax = 65_535
    /// So many new messages in a row end the window: the run is over, or there was none.
    static let missCountMax = 1_000
    /// Committed messages that came another way, or were never repeated (QoS 0), and are passed over in the run.
    static let skipCountMax = 1_000

    private var isOpen = false
    /// Where the run is compared next, as the ring counts; nil until a message has told.
    private var cursor: Int?
    /// Where the run ends: what was committed when the window was opened.
    private var end = 0
    private var expected = 0
    private var passed = 0
    private var misses = 0
    private var alike: [UInt64: Int] = [:]

    init() {}

    /// Opens a window over what has been committed; `expected` messages may be under way if the broker keeps the rules.
    init(expected: Int, _ ring: IdentityRing) {
        isOpen = expected > 0 && ring.count > 0
        self.expected = expected
        end = ring.count
        ring.newest(expected) { alike[$0, default: 0] += 1 }
    }

    /// Whether the next message of the session is one of those committed before.
    mutating func repeats(_ hash: UInt64, _ ring: IdentityRing) -> Bool {
        guard isOpen else { return false }
        passed += 1
        let isRepeated = cursor == nil ? begins(hash, ring) : goesOn(hash, ring)
        misses = isRepeated ? 0 : misses + 1
        let isOver = cursor.map { $0 >= end } ?? (passed >= expected)
        if isOver || misses >= Self.missCountMax || passed >= Self.reachMax { self = RedeliveryWindow() }
        return isRepeated
    }

    /// Looks for the run's beginning.
    private mutating func begins(_ hash: UInt64, _ ring: IdentityRing) -> Bool {
        let places = ring.places(of: hash, in: max(0, end - Self.reachMax)..<end, limit: 2)
        guard places.count < 2 else {
            guard let count = alike[hash], count > 0 else { return false }
            alike[hash] = count - 1
            return true
        }
        cursor = places.first.map { $0 + 1 }
        return !places.isEmpty
    }

    /// Looks a little way ahead in the run.
    private mutating func goesOn(_ hash: UInt64, _ ring: IdentityRing) -> Bool {
        guard let from = cursor,
            let place = ring.places(of: hash, in: from..<min(end, from + Self.skipCountMax), limit: 1).first
        else { return false }
        cursor = place + 1
        return true
    }
}
