internal import FieldProtocols
public import GatewayModel
public import HTTPClient
internal import JSONText

/// Records as messages on their device's channel: `POST /api/channels/device.{id}.telemetry/publish` (reference, section
/// 4.6). The broker drops a message that it had within the last hour, by device, number and message id.
public struct PublishFormat: DeliveryFormat {
    private let access: BrokerAccess
    private let gateway: String
    private var rendering: MASEnvelope

    public init(_ access: BrokerAccess, gateway: String, epoch: String) {
        self.access = access
        self.gateway = gateway
        rendering = MASEnvelope(gateway: gateway, epoch: epoch)
    }

    /// See `RecordRendering`.
    public mutating func render(_ record: borrowing StoredRecord, to bytes: inout [UInt8]) -> Rendering {
        guard let device = record.device else { return .unfit("a reading without a device") }
        var writer = JSONWriter(reusing: bytes)
        bytes = []
        writer.beginObject()
        for (key, value) in [
            ("message_type", "telemetry"), ("source_id", gateway), ("device_serial", device.text),
        ] {
            writer.key(key)
            writer.string(value)
        }
        writer.key("priority")
        writer.integer(5)
        writer.key("tags")
        writer.beginArray()
        writer.endArray()
        writer.key("payload")
        bytes = writer.finish()
        guard let place = rendering.appendBare(record, to: &bytes) else { return .unfit("a reading without a device") }
        bytes.append(UInt8(ascii: "}"))
        return .rendered(identity: place.messageID(of: record, in: bytes))
    }

    /// See `DeliveryFormat`.
    public func request(_ batch: DeliveryBatch, at time: ReceiveTime) -> ClientRequest {
        let channel = Self.channel(of: batch)?.escapedName ?? ""
        return ClientRequest(
            .post, "\(access.url)/api/channels/\(channel)/publish", headers: access.headers, body: batch.bytes)
    }

    /// See `DeliveryFormat`.
    public func outcome(_ answer: ClientAnswer, of batch: DeliveryBatch, at time: ReceiveTime) -> PushOutcome {
        guard (200..<300).contains(answer.status) else {
            return BrokerAccess.outcome(answer, wall: time.wall.milliseconds)
        }
        guard let value = answer.json, value["message_id"]?.string != nil,
            let channel = value["channel"]?.string
        else { return BrokerAccess.judgement.foreign(answer) }
        // Nobody listening, or a repeat: `subscribers_notified` is 0 for both, and both are taken.
        guard channel == Self.channel(of: batch)?.name else {
            return .troubled(reason: "the answer confirms another channel")
        }
        return .accepted
    }

    private static func channel(of batch: DeliveryBatch) -> Channel? {
        batch.items.first?.device.map { Channel($0, "telemetry") }
    }
}
