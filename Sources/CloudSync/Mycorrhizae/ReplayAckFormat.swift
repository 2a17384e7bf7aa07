public import GatewayModel
public import HTTPClient
internal import JSONText

/// Tells devices that listen at the broker which of their messages are durable here: `POST /api/stream/replay/ack`
/// (reference, sections 4.4 and 4.6). Only messages that their device itself has numbered and named are acknowledged.
public struct ReplayAckFormat: DeliveryFormat {
    private let access: BrokerAccess
    /// Longer names the broker refuses.
    private static let nameByteCountMax = 200

    public init(_ access: BrokerAccess) { self.access = access }

    /// See `RecordRendering`.
    public mutating func render(_ record: borrowing StoredRecord, to bytes: inout [UInt8]) -> Rendering {
        guard let device = record.device, let messageID = record.messageID, let seq = record.deviceSeq,
            (1...Self.nameByteCountMax).contains(messageID.utf8.count), device.text.utf8.count <= Self.nameByteCountMax
        else { return .nothing }
        var writer = JSONWriter(reusing: bytes)
        bytes = []
        writer.beginObject()
        writer.key("device_id")
        writer.string(device.text)
        writer.key("msg_id")
        writer.string(messageID)
        writer.key("seq")
        writer.unsigned(seq)
        writer.key("accepted")
        writer.bool(true)
        writer.endObject()
        bytes = writer.finish()
        return .rendered(identity: messageID)
    }

    /// See `DeliveryFormat`.
    public func request(_ batch: DeliveryBatch, at time: ReceiveTime) -> ClientRequest {
        ClientRequest(.post, access.url + "/api/stream/replay/ack", headers: access.headers, body: batch.bytes)
    }

    /// See `DeliveryFormat`.
    public func outcome(_ answer: ClientAnswer, of batch: DeliveryBatch, at time: ReceiveTime) -> PushOutcome {
        guard (200..<300).contains(answer.status) else {
            return BrokerAccess.outcome(answer, wall: time.wall.milliseconds)
        }
        // No document says what the broker answers; when it names a message, that must be ours.
        guard let value = answer.json, value.members != nil else { return BrokerAccess.judgement.foreign(answer) }
        if let messageID = value["msgId"]?.string, !messageID.utf8.elementsEqual(batch.items.first?.identity ?? []) {
            return .troubled(reason: "the answer confirms another message")
        }
        return .accepted
    }
}
