public import GatewayModel

extension Journal {
    /// The last record the consumer has acknowledged; what lies before the oldest record if it is unknown.
    public func cursor(_ consumer: String, _ stream: StreamName) -> SequenceNumber { .zero }

    /// Moves a cursor on, and makes the consumer known if it is new. Survives the death of the process; a power cut may
    /// make it older.
    ///
    /// - Parameter rewind: lets the cursor go back; otherwise an older number changes nothing.
    /// - Returns: the cursor now in force.
    /// - Throws: `epochChanged`, `beyondEnd`, `invalidConsumer`, `tooManyConsumers`, or that it could not be kept.
    @discardableResult
    public func acknowledge(
        _ consumer: String, _ stream: StreamName, upTo: SequenceNumber, epoch: String, rewind: Bool = false
    ) throws(JournalError) -> SequenceNumber { .zero }

    public func consumers(of stream: StreamName) -> [ConsumerStatus] { [] }

    /// Says which consumers retention waits for; those declared before and not now are required no longer.
    ///
    /// - Returns: the ones that ceased to be required, for the audit.
    @discardableResult
    public func declare(_ required: [RequiredConsumer]) throws(JournalError) -> [ConsumerStatus] { [] }
}

extension Journal {
    /// Keeps what a destination condemned, with its reason; at most ten thousand per consumer, the oldest go first.
    public func refuse(
        _ record: StoredRecord, identity: String, by consumer: String, reason: String, status: Int
    ) throws(JournalError) {}

    public func refused(by consumer: String, limit: Int = 1_000) throws(JournalError) -> [RefusedRecord] { [] }

    public func refusedCount(by consumer: String) -> Int { 0 }

    /// - Returns: false if there is no such record.
    @discardableResult
    public func forget(refused id: Int64) throws(JournalError) -> Bool { false }
}
