import Synchronization

/// Gives every distinct name one small number for the life of the process, so that the data path carries numbers.
///
/// Looking up a name that is already known allocates nothing. The table never forgets and is bounded: a hostile sender
/// that invents names gets nil, which its codec counts as `too_many_names`.
final class NameTable: Sendable {
    private struct State: ~Copyable {
        var texts: [String] = []
        var bytes: [UInt8] = []
        var ranges: [Range<Int>] = []
        var slots: [UInt32]
        /// Names that each owner has added, by its number.
        var added: [UInt16] = []

        /// Whether `owner` may add another name; counts it if so.
        mutating func grant(_ owner: UInt32, _ quota: Quota, countMax: Int) -> Bool {
            let index = Int(owner)
            if index >= added.count { added.append(contentsOf: repeatElement(0, count: index + 1 - added.count)) }
            let isScarce = texts.count >= countMax / 4 * 3
            guard Int(added[index]) < (isScarce ? quota.whenScarce : quota.usual) else { return false }
            added[index] += 1
            return true
        }
    }

    /// Names that one owner may add: as long as there is much room, and when three quarters of the table are full.
    struct Quota {
        var usual: Int
        var whenScarce: Int
    }

    private let state: Mutex<State>
    private let countMax: Int
    private static let empty = UInt32.max

    init(countMax: Int, known: [String] = []) {
        self.countMax = countMax
        var capacity = 64
        while capacity < (countMax + Self.knownCountMax) * 2 { capacity *= 2 }
        state = Mutex(State(slots: Array(repeating: Self.empty, count: min(capacity, 1 << 18))))
        for name in known { _ = index(of: name) }
    }

    func index(of name: String) -> UInt32? {
        var name = name
        return name.withUTF8 { index(of: $0) }
    }

    func index(of name: UnsafeBufferPointer<UInt8>) -> UInt32? { index(of: name, countMax: countMax) }

    /// As above, but `owner` may add only as many names as its quota allows. Names that are there cost it nothing.
    func index(of name: UnsafeBufferPointer<UInt8>, by owner: UInt32, _ quota: Quota) -> UInt32? {
        index(of: name, countMax: countMax, owner: (owner, quota))
    }

    /// Names written in source code are made when they are first used, which may be after a hostile sender has filled the
    /// table: they have room of their own.
    func index(ofKnown name: StaticString) -> UInt32 { name.withUTF8Buffer { index(ofKnown: $0) } }

    /// As the other, for a text put together of such.
    func index(ofKnown name: String) -> UInt32 {
        var name = name
        return name.withUTF8 { index(ofKnown: $0) }
    }

    private func index(ofKnown name: UnsafeBufferPointer<UInt8>) -> UInt32 {
        let made = index(of: name, countMax: countMax + Self.knownCountMax)
        guard let made else { preconditionFailure("there are fewer names in source code than room for them") }
        return made
    }

    private static let knownCountMax = 1_000

    private func index(
        of name: UnsafeBufferPointer<UInt8>, countMax: Int, owner: (number: UInt32, quota: Quota)? = nil
    ) -> UInt32? {
        state.withLock { state in
            let mask = state.slots.count - 1
            var slot = Int(truncatingIfNeeded: Self.hash(name)) & mask
            while state.slots[slot] != Self.empty {
                let index = Int(state.slots[slot])
                let range = state.ranges[index]
                if range.count == name.count,
                    state.bytes.withUnsafeBufferPointer({ $0[range].elementsEqual(name) })
                {
                    return UInt32(index)
                }
                slot = (slot + 1) & mask
            }
            guard state.texts.count < countMax else { return nil }
            if let owner, !state.grant(owner.number, owner.quota, countMax: countMax) { return nil }
            let index = UInt32(state.texts.count)
            let start = state.bytes.count
            state.bytes.append(contentsOf: name)
            state.ranges.append(start..<state.bytes.count)
            state.texts.append(String(decoding: name, as: UTF8.self))
            state.slots[slot] = index
            return index
        }
    }

    var count: Int { state.withLock { $0.texts.count } }

    func text(at index: UInt32) -> String { state.withLock { $0.texts[Int(index)] } }

    /// FNV-1a, 64 bit: short keys, no dependency, same result on every run.
    private static func hash(_ name: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in name { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return hash ^ (hash >> 29)
    }
}
