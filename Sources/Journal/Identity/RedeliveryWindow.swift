/// The messages that a resumed session may repeat, for devices that neither name nor number theirs.
///
/// Each stored message can be repeated once: two equal messages of which one was stored are one repetition and one new.
struct RedeliveryWindow: Sendable {
    private var counts: [UInt64: Int] = [:]
    private var remaining = 0
    /// What the transport said was left, the last time.
    var announced = 0

    init() {}

    /// Compares the next `count` messages with the last `count` committed.
    init(_ count: Int, _ ring: IdentityRing) {
        remaining = count
        ring.newest(count) { counts[$0, default: 0] += 1 }
    }

    /// Counts one message towards the window, and says whether it is one of those committed before; that one is then
    /// used up.
    mutating func pass(_ hash: UInt64?) -> Bool {
        guard remaining > 0 else { return false }
        remaining -= 1
        defer { if remaining == 0 { counts = [:] } }
        return take(hash)
    }

    private mutating func take(_ hash: UInt64?) -> Bool {
        guard let hash, let count = counts[hash], count > 0 else { return false }
        counts[hash] = count - 1
        return true
    }
}
