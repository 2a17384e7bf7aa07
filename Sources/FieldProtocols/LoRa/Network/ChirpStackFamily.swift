public import GatewayModel

/// The events of ChirpStack v4 (`application/{id}/device/{eui}/event/{name}`).
public struct ChirpStackFamily: TopicFamily {
    private var intake: NetworkIntake

    /// A family that has heard nothing yet.
    public init(
        naming: LoRaNaming = LoRaNaming(),
        profile: @escaping PayloadReadings.ProfileCodec = { _, _, _, _, _ in nil }
    ) {
        intake = NetworkIntake(naming: naming, profile: profile)
    }

    /// As the type says.
    public var filters: [TopicFilter] { [TopicFilter("application/+/device/+/event/+")] }

    /// As the protocol says.
    public mutating func decode(
        _ message: TopicMessage, into batch: inout ObservationBatch, effects: inout TopicEffects
    ) throws(RejectReason) -> Verdict? {
        guard message.levelCount == 6, message.level(0, is: "application"), message.level(2, is: "device") else {
            return nil
        }
        guard let topic = ChirpStackEvent.Topic(message.topic) else { throw .badDeviceID }
        guard !ChirpStackEvent.isProtobuf(message.payload) else { throw .protobufPayload }
        return try intake.take(message, into: &batch, effects: &effects) { (root) throws(LoRaError) in
            try ChirpStackEvent.decode(root, topic: topic)
        }
    }
}

/// The events of The Things Stack v3 (`v3/{application}@{tenant}/devices/{device}/{name}`).
public struct ThingsStackFamily: TopicFamily {
    private var intake: NetworkIntake

    /// A family that has heard nothing yet.
    public init(
        naming: LoRaNaming = LoRaNaming(),
        profile: @escaping PayloadReadings.ProfileCodec = { _, _, _, _, _ in nil }
    ) {
        intake = NetworkIntake(naming: naming, profile: profile)
    }

    /// As the type says; without what goes to the server.
    public var filters: [TopicFilter] {
        let names = [
            "up", "join", "down/queued", "down/sent", "down/ack", "down/nack", "down/failed", "service/data",
            "location/solved",
        ]
        return names.map { TopicFilter("v3/+/devices/+/\($0)") }
    }

    /// As the protocol says.
    public mutating func decode(
        _ message: TopicMessage, into batch: inout ObservationBatch, effects: inout TopicEffects
    ) throws(RejectReason) -> Verdict? {
        guard message.level(0, is: "v3"), message.level(2, is: "devices") else { return nil }
        guard let topic = ThingsStackEvent.Topic(message.topic) else { throw .badDeviceID }
        return try intake.take(message, into: &batch, effects: &effects) { (root) throws(LoRaError) in
            try ThingsStackEvent.decode(root, topic: topic)
        }
    }
}
