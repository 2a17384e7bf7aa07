public import GatewayModel
public import Journal

extension RecordSource {
    /// The cursor of `consumer` over `stream` of a journal.
    public init(journal: Journal, consumer: String, stream: StreamName = .readings) {
        let epoch = journal.epoch
        self.init(
            acknowledged: { journal.cursor(consumer, stream) },
            last: { journal.status(of: stream).lastSeq },
            visit: { after, limit, body in
                try journal.visit(stream, after: after, limit: limit, for: consumer) { record in
                    body(record)
                    return true
                }
            },
            visitWithGaps: { after, limit, gap, body in
                try journal.visit(stream, after: after, limit: limit, for: consumer, gap: gap) { record in
                    body(record)
                    return true
                }
            },
            acknowledge: { seq in try journal.acknowledge(consumer, stream, upTo: seq, epoch: epoch) },
            refuse: { record, identity, status, reason in
                try journal.refuse(record, identity: identity, by: consumer, reason: reason, status: status)
            },
            onAppend: { body in
                journal.onAppend { grown, _ in
                    if grown == stream { body() }
                }
            })
    }
}
