public import GatewayModel
public import Journal

extension RecordSource {
    /// The cursor of `consumer` over `stream` of a journal.
    public init(journal: Journal, consumer: String, stream: StreamName = .readings) {
        let epoch = journal.epoch
        self.init(
            acknowledged: { journal.cursor(consumer, stream) },
            last: { journal.status(of: stream).lastSeq },
            read: { after, limit in
                let page = try journal.read(stream, after: after, limit: limit)
                return RecordPage(records: page.records, next: page.next, more: page.more)
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
