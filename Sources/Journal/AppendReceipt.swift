public import GatewayModel

/// What became of a batch. Everything in it is durable: each message can be acknowledged to its source.
public struct AppendReceipt: Sendable, Equatable {
    /// What became of one observation.
    public enum Outcome: Sendable, Equatable {
        case stored(SequenceNumber)
        /// The message had been stored before; its acknowledgement is repeated like the first one.
        case duplicate

        /// Whether it was stored before.
        public var isDuplicate: Bool { self == .duplicate }
    }

    /// One for each observation of the batch, in its order.
    public var outcomes: [Outcome]
    public var stored: Int
    public var duplicates: Int

    public init(outcomes: [Outcome], stored: Int, duplicates: Int) {
        self.outcomes = outcomes
        self.stored = stored
        self.duplicates = duplicates
    }
}
