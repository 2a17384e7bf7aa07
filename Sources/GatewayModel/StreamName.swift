/// The streams of the journal. Each has its own sequence numbers, segments, cursors and retention.
public enum StreamName: String, CaseIterable, Sendable, Hashable {
    case readings, events, logs, audit, tasks
}

/// The number of a record in its stream: starts at 1, never repeats within an epoch.
public struct SequenceNumber: RawRepresentable, Hashable, Sendable, Comparable, CustomStringConvertible {
    public var rawValue: Int64

    public init(rawValue: Int64) { self.rawValue = rawValue }
    public init(_ rawValue: Int64) { self.rawValue = rawValue }

    /// Stands before the first record: a cursor that has acknowledged nothing.
    public static let zero = SequenceNumber(0)

    public var next: SequenceNumber { SequenceNumber(rawValue + 1) }
    public var description: String { String(rawValue) }
    public static func < (lhs: SequenceNumber, rhs: SequenceNumber) -> Bool { lhs.rawValue < rhs.rawValue }
}
