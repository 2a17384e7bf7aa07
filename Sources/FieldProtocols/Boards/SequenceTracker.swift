/// Notices numbers of a board's count that are missing, come again or come late, across reboots of the board.
struct SequenceTracker: Sendable {
    /// What a number says.
    enum Verdict: Equatable {
        /// Nothing is missing.
        case next
        /// These are missing immediately before it.
        case gap(ClosedRange<UInt32>)
        /// It was there before.
        case repeated
        /// It was missing until now.
        case late
    }

    /// The highest number of this boot so far.
    private(set) var last: UInt32?
    /// Which of the 64 numbers before `last` have come: bit 0 is the one just before.
    private var recent: UInt64

    /// A number this much lower than the last cannot be one that was overtaken: the count has begun anew.
    static let fallMax: UInt32 = 64

    init(last: UInt32? = nil) {
        self.last = last
        recent = .max
    }

    /// Takes the next number.
    /// - Parameters:
    ///   - isNewBoot: other evidence says that the board has booted since the last number.
    ///   - first: the number a board begins with.
    mutating func observe(_ seq: UInt32, isNewBoot: Bool, first: UInt32) -> Verdict {
        guard let last else {
            self.last = seq
            return .next
        }
        if seq > last {
            self.last = seq
            let step = seq - last
            recent = step > 64 ? 0 : step == 64 ? 1 << 63 : recent << UInt64(step) | 1 << UInt64(step - 1)
            return step == 1 ? .next : .gap((last + 1)...(seq - 1))
        }
        if isNewBoot || last - seq > Self.fallMax {
            self.last = seq
            recent = .max
            return seq > first ? .gap(first...(seq - 1)) : .next
        }
        guard seq < last else { return .repeated }
        let bit: UInt64 = 1 << UInt64(last - seq - 1)
        defer { recent |= bit }
        return recent & bit == 0 ? .late : .repeated
    }
}
