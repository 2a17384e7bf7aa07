public import GatewayModel

/// What the journal refuses, and what the caller can do about it.
public enum JournalError: Error, Equatable, CustomStringConvertible {
    /// No space: nothing of the batch was kept, nothing may be acknowledged to its source.
    case full(String)
    /// The disk or the database refuses: as `full`.
    case unavailable(String)
    /// The journal cannot be used at all: wrong folder, wrong permissions, a newer version's files.
    case unusable(String)
    case closed
    /// The caller's numbers belong to another numbering.
    case epochChanged(current: String, first: SequenceNumber)
    /// A sequence number that has not been given out yet.
    case beyondEnd(last: SequenceNumber)
    /// A consumer name is 1 to 64 bytes of letters, digits and `. _ - : @`.
    case invalidConsumer(String)
    case tooManyConsumers(limit: Int)

    /// What the caller does about it.
    public enum Disposition: Sendable, Equatable {
        case retry(after: Duration)
        /// The request itself is wrong.
        case refuse
        case fatal
    }

    /// What the caller does about it.
    public var disposition: Disposition {
        switch self {
        case .full, .unavailable: .retry(after: .seconds(1))
        case .unusable, .closed: .fatal
        case .epochChanged, .beyondEnd, .invalidConsumer, .tooManyConsumers: .refuse
        }
    }

    /// Stable, for users.
    public var code: String {
        switch self {
        case .full: "journal_full"
        case .unavailable: "journal_unavailable"
        case .unusable: "journal_unusable"
        case .closed: "journal_closed"
        case .epochChanged: "epoch_changed"
        case .beyondEnd: "beyond_end"
        case .invalidConsumer: "invalid_consumer"
        case .tooManyConsumers: "too_many_consumers"
        }
    }

    public var description: String {
        switch self {
        case .full(let detail), .unavailable(let detail), .unusable(let detail): "\(code): \(detail)"
        case .closed: "\(code): the journal has been closed"
        case .epochChanged(let current, let first): "\(code): the epoch is \(current), its first record \(first)"
        case .beyondEnd(let last): "\(code): the last record is \(last)"
        case .invalidConsumer(let name): "\(code): \(name.prefix(80))"
        case .tooManyConsumers(let limit): "\(code): at most \(limit)"
        }
    }
}
