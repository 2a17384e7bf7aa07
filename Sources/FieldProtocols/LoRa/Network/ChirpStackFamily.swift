public import GatewayModel

/// The events of ChirpStack v4: of devices (`application/{id}/device/{eui}/event/{name}`) and of its gateways
/// (`{region}/gateway/{eui}/event/stats`, `…/state/conn`).
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
    public var filters: [TopicFilter] {
        [
            TopicFilter("application/+/device/+/event/+"), TopicFilter("+/gateway/+/event/stats"),
            // Who is there is kept by the broker.
            TopicFilter("+/gateway/+/state/conn", retained: .always),
        ]
    }

    /// As the protocol says.
    public mutating func decode(
        _ message: TopicMessage, into batch: inout ObservationBatch, effects: inout TopicEffects
    ) throws(RejectReason) -> Verdict? {
        if message.levelCount == 5, message.level(1, is: "gateway") {
            return try gateway(message, into: &batch, effects: &effects)
        }
        guard message.levelCount == 6, message.level(0, is: "application"), message.level(2, is: "device") else {
            return nil
        }
        guard let topic = ChirpStackEvent.Topic(message.topic) else { throw .badDeviceID }
        guard !ChirpStackEvent.isProtobuf(message.payload) else { throw .protobufPayload }
        return try intake.take(message, into: &batch, effects: &effects) { (root) throws(LoRaError) in
            try ChirpStackEvent.decode(root, topic: topic)
        }
    }

    /// Nil for the frames that a gateway has heard, which come as events of their devices, and for what is not ChirpStack's.
    private mutating func gateway(
        _ message: TopicMessage, into batch: inout ObservationBatch, effects: inout TopicEffects
    ) throws(RejectReason) -> Verdict? {
        let isStatistics = message.level(3, is: "event") && message.level(4, is: "stats")
        guard isStatistics || message.level(3, is: "state") && message.level(4, is: "conn"),
            message.level(2).count == 16, let eui = LoRaEUI(utf8: message.level(2))
        else { return nil }
        guard !ChirpStackEvent.isProtobuf(message.payload) else { throw .protobufPayload }
        return try intake.take(
            isStatistics ? .statistics : .connection, of: eui, message, into: &batch, effects: &effects)
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
