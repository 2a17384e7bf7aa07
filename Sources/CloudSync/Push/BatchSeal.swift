public import GatewayModel

/// The ends of a batch, stored before it is sent: a restart repeats the very same request, so that its idempotency key
/// means the same records.
///
/// The batch is every record from `first` to `last` whose device belongs to `share`.
public struct BatchSeal: Sendable, Equatable {
    /// First and last number of the batch.
    public var first: SequenceNumber
    public var last: SequenceNumber
    /// Which of `shares` parts of the devices.
    public var share: Int
    public var shares: Int
    /// Confirmed already, although the cursor has not passed it.
    public var isDone: Bool

    public init(first: SequenceNumber, last: SequenceNumber, share: Int, shares: Int, isDone: Bool) {
        self.first = first
        self.last = last
        self.share = share
        self.shares = shares
        self.isDone = isDone
    }

    /// `1201-1700/3.4` for share 3 of 4; a `+` at the end: done.
    var text: String { "\(first)-\(last)/\(share).\(shares)\(isDone ? "+" : "")" }

    /// Nil for what `text` cannot have made.
    init?(text: Substring) {
        let isDone = text.last == "+"
        let numbers = (isDone ? text.dropLast() : text).split(
            omittingEmptySubsequences: false, whereSeparator: { "-/.".contains($0) }
        ).compactMap { Int64($0) }
        guard numbers.count == 4, numbers[0] > 0, numbers[0] <= numbers[1], (1...1_024).contains(numbers[3]),
            numbers[2] >= 0, numbers[2] < numbers[3]
        else { return nil }
        self.init(
            first: SequenceNumber(numbers[0]), last: SequenceNumber(numbers[1]), share: Int(numbers[2]),
            shares: Int(numbers[3]), isDone: isDone)
    }
}
