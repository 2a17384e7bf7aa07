/// Notices numbers that are missing in a board's count, across reboots of the board.
struct SequenceTracker: Sendable {
    /// The highest number of this boot so far.
    private(set) var last: UInt32?

    /// A number this much lower than the last cannot be one that was overtaken: the count has begun anew.
    static let fallMax: UInt32 = 64

    init(last: UInt32? = nil) { self.last = last }

    /// Takes the next number.
    /// - Parameters:
    ///   - isNewBoot: other evidence says that the board has booted since the last number.
    ///   - first: the number a board begins with.
    /// - Returns: the numbers that are missing immediately before it.
    mutating func observe(_ seq: UInt32, isNewBoot: Bool, first: UInt32) -> ClosedRange<UInt32>? {
        guard let last else {
            self.last = seq
            return nil
        }
        if seq <= last {
            let hasBegunAnew = isNewBoot || last - seq > Self.fallMax
            guard hasBegunAnew else { return nil }
            self.last = seq
            return seq > first ? first...(seq - 1) : nil
        }
        self.last = seq
        return seq > last + 1 ? (last + 1)...(seq - 1) : nil
    }
}
