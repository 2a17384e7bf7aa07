/// The messages that a resumed session may repeat, for devices that neither name nor number theirs.
///
/// Each stored message can be repeated once: two equal messages of which one was stored are one repetition and one new.
struct RedeliveryWindow: Sendable {
    private var counts: [UInt64: Int] = [:]
    private(set) var remaining: Int

    /// Compares the next `count` messages with the last `count` committed.
    init(_ count: Int, _ ring: IdentityRing) {
        remaining = count
        ring.newest(count) { counts[$0, default: 0] += 1 }
    }

    /// Counts one message towards the window.
    mutating func pass() { remaining -= 1 }

    /// Whether the message is one of those committed before; it is then used up.
    mutating func take(_ hash: UInt64) -> Bool {
        guard remaining > 0, let count = counts[hash], count > 0 else { return false }
        counts[hash] = count - 1
        return true
    }
}
