public import GatewayModel
internal import SQLite

extension Journal {
    /// The last record the consumer has acknowledged; what lies before the oldest record if it is unknown.
    public func cursor(_ consumer: String, _ stream: StreamName) -> SequenceNumber {
        if let cursor = state.cursors[CursorTable.Key(consumer: consumer, stream: stream)] {
            return SequenceNumber(cursor.seq)
        }
        return SequenceNumber(status(of: stream).firstSeq.rawValue - 1)
    }

    /// Moves a cursor on, and makes the consumer known if it is new. Survives the death of the process; a power cut may
    /// make it older.
    ///
    /// - Parameter rewind: lets the cursor go back; otherwise an older number changes nothing.
    /// - Returns: the cursor now in force.
    /// - Throws: `epochChanged`, `beyondEnd`, `invalidConsumer`, `tooManyConsumers`, or that it could not be kept.
    @discardableResult
    public func acknowledge(
        _ consumer: String, _ stream: StreamName, upTo: SequenceNumber, epoch: String, rewind: Bool = false
    ) throws(JournalError) -> SequenceNumber {
        guard Self.isConsumerName(consumer) else { throw .invalidConsumer(consumer) }
        let status = status(of: stream)
        guard epoch == self.epoch else { throw .epochChanged(current: self.epoch, first: status.firstSeq) }
        guard upTo <= status.lastSeq else { throw .beyondEnd(last: status.lastSeq) }
        let key = CursorTable.Key(consumer: consumer, stream: stream)
        do throws(SQLiteError) {
            let now = state.clock.now()
            let moved = try state.cursors.move(key, to: max(0, upTo.rawValue), rewind: rewind, at: now)
            if let moved { return SequenceNumber(moved) }
        } catch { throw JournalError(error) }
        throw .tooManyConsumers(limit: CursorTable.countMax)
    }

    /// All that have a cursor on the stream, by name.
    public func consumers(of stream: StreamName) -> [ConsumerStatus] {
        state.cursors.all.filter { $0.key.stream == stream }.map { status($0.key, $0.cursor) }
            .sorted { $0.name < $1.name }
    }

    /// Says which consumers retention waits for; those declared before and not now are required no longer.
    ///
    /// - Parameter named: consumers of the configuration that nobody waits for. Neither they nor the required ones are ever
    ///   forgotten; others are when the gateway has run for thirty days without hearing of them.
    /// - Returns: the ones that ceased to be required, for the audit.
    @discardableResult
    public func declare(
        _ required: [RequiredConsumer], named: Set<String> = []
    ) throws(JournalError) -> [ConsumerStatus] {
        var starts: [CursorTable.Key: Int64] = [:]
        for consumer in required {
            guard Self.isConsumerName(consumer.name) else { throw .invalidConsumer(consumer.name) }
            let status = status(of: consumer.stream)
            let start = consumer.start == .now ? status.lastSeq.rawValue : status.firstSeq.rawValue - 1
            starts[CursorTable.Key(consumer: consumer.name, stream: consumer.stream)] = start
        }
        guard starts.count <= CursorTable.countMax else { throw .tooManyConsumers(limit: CursorTable.countMax) }
        do throws(SQLiteError) {
            let now = state.clock.now().wall
            let released = try state.cursors.require(starts, at: now)
            state.cursors.name(named)
            return released.compactMap { key in state.cursors[key].map { status(key, $0) } }
        } catch { throw JournalError(error) }
    }

    private func status(_ key: CursorTable.Key, _ cursor: CursorTable.Cursor) -> ConsumerStatus {
        ConsumerStatus(
            name: key.consumer, stream: key.stream, acknowledged: SequenceNumber(cursor.seq),
            lag: max(0, state.log(key.stream).last - cursor.seq), isRequired: cursor.isRequired,
            lastAcknowledgement: cursor.updated)
    }

    private static func isConsumerName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"),
                    UInt8(ascii: ":"), UInt8(ascii: "@"):
                    true
                default: false
                }
            }
    }
}
