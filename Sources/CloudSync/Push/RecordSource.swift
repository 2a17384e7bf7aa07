public import GatewayModel

/// One destination's cursor over one stream: what it may do with the journal. `visit` is also called on a
/// thread of its own, the rest on the destination's.
public struct RecordSource: Sendable {
    /// How records are read: see `visit`.
    public typealias Visit =
        @Sendable (_ after: SequenceNumber, _ limit: Int, _ body: (borrowing StoredRecord) -> Void) throws -> (
            next: SequenceNumber, more: Bool
        )

    /// How records are read with the gaps among them: see `visitWithGaps`.
    public typealias VisitWithGaps =
        @Sendable (
            _ after: SequenceNumber, _ limit: Int, _ gap: (StreamGap) -> Void,
            _ body: (borrowing StoredRecord) -> Void
        ) throws -> (next: SequenceNumber, more: Bool)

    /// The durable cursor: where to go on after a restart.
    public var acknowledged: @Sendable () -> SequenceNumber
    /// The last number of the stream now.
    public var last: @Sendable () -> SequenceNumber
    /// Hands the records after `after` to `body`, at most `limit`, in ascending order; each is lent for the call.
    ///
    /// Gives how far it has looked (the last record's number, or beyond it where records were lost), and whether there is
    /// something behind that already.
    public var visit: Visit
    /// As `visit`, and hands stretches that are gone to `gap`, between the records where they belong.
    public var visitWithGaps: VisitWithGaps
    /// Durable on return.
    public var acknowledge: @Sendable (_ upTo: SequenceNumber) throws -> Void
    /// Keeps a record that the destination will never take, with the identity it was sent under and the reason. Durable on return.
    public var refuse:
        @Sendable (_ record: StoredRecord, _ identity: String, _ status: Int, _ reason: String) throws -> Void
    /// Calls back whenever the stream has grown, quickly and from any thread, until the result is released.
    public var onAppend: @Sendable (_ body: @escaping @Sendable () -> Void) -> any Sendable

    public init(
        acknowledged: @escaping @Sendable () -> SequenceNumber,
        last: @escaping @Sendable () -> SequenceNumber,
        visit: @escaping Visit,
        visitWithGaps: VisitWithGaps? = nil,
        acknowledge: @escaping @Sendable (_ upTo: SequenceNumber) throws -> Void,
        refuse:
            @escaping @Sendable (_ record: StoredRecord, _ identity: String, _ status: Int, _ reason: String) throws ->
            Void,
        onAppend: @escaping @Sendable (_ body: @escaping @Sendable () -> Void) -> any Sendable
    ) {
        self.acknowledged = acknowledged
        self.last = last
        self.visit = visit
        self.visitWithGaps = visitWithGaps ?? { after, limit, _, body in try visit(after, limit, body) }
        self.acknowledge = acknowledge
        self.refuse = refuse
        self.onAppend = onAppend
    }
}
