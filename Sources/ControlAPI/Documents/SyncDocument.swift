import GatewayModel
import Journal
import JSONText

/// `GET /api/v1/sync`.
enum SyncDocument {
    static func json(_ sources: ControlSources) -> JSON {
        let journal = sources.journal
        return [
            "gateway_id": .string(sources.gateway.text), "epoch": .string(journal.epoch),
            "streams": .array(StreamName.allCases.map { stream(journal, $0) }),
        ]
    }

    private static func stream(_ journal: Journal, _ stream: StreamName) -> JSON {
        let status = journal.status(of: stream)
        let consumers = journal.consumers(of: stream).sorted { $0.name < $1.name }
        return [
            "name": .string(stream.rawValue), "first_seq": .integer(status.firstSeq.rawValue),
            "last_seq": .integer(status.lastSeq.rawValue), "bytes": .integer(status.bytes),
            "consumers": .members(consumers.map { ($0.name, json($0)) }),
            // The newest ones; `mycogate_stream_gone_total` counts them all.
            "losses": .array(journal.losses(of: stream).suffix(lossCountMax).map { json($0) }),
        ]
    }

    private static let lossCountMax = 100

    private static func json(_ loss: StreamLoss) -> JSON {
        [
            "from": .integer(loss.gap.from.rawValue), "to": .integer(loss.gap.to.rawValue),
            "count": .integer(loss.gap.count), "needed": .integer(loss.needed), "reason": .string(loss.gap.reason),
            "at": .time(loss.at),
        ]
    }

    private static func json(_ consumer: ConsumerStatus) -> JSON {
        [
            "acked": .integer(consumer.acknowledged.rawValue), "lag": .integer(consumer.lag),
            "required": .bool(consumer.isRequired), "last_ack": .time(consumer.lastAcknowledgement),
        ]
    }

    static func json(_ record: RefusedRecord) -> JSON {
        [
            "id": .integer(record.id), "destination": .string(record.consumer),
            "stream": .string(record.stream.rawValue), "seq": .integer(record.seq.rawValue),
            "identity": .string(record.identity), "reason": .string(record.reason),
            "status": .integer(Int64(record.status)), "at": .time(record.at),
        ]
    }
}
