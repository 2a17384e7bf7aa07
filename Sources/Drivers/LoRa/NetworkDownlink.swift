public import FieldProtocols
public import GatewayModel
public import MQTT

/// Commands for devices behind a LoRaWAN network server, as the server wants them published.
public enum NetworkDownlink {
    /// The publication of a command; nil if the device is not reached so. `attributes`: what the registry knows of it.
    public static func publication(
        _ command: DeviceCommand, attributes: [String: String], now: ReceiveTime
    ) throws(PayloadCommand.Refusal) -> MQTTPublication? {
        guard let topic = attributes[DownlinkAttribute.topic],
            let server = attributes[DownlinkAttribute.server].flatMap(NetworkEvent.Server.init)
        else { return nil }
        guard command.name == PayloadCommand.name else {
            throw PayloadCommand.Refusal("a LoRa device takes \(PayloadCommand.name)")
        }
        let wanted = try PayloadCommand(params: command.params)
        let isConfirmed = wanted.isConfirmed ?? true
        let text: String
        switch server {
        case .chirpStack:
            guard let eui = attributes[DownlinkAttribute.deviceEUI].flatMap({ LoRaEUI(text: $0) }) else { return nil }
            text = ChirpStackEvent.downlink(
                id: command.id, device: eui, port: wanted.port, payload: wanted.payload, isConfirmed: isConfirmed)
        case .theThingsStack:
            text = ThingsStackEvent.downlink(
                id: command.id, port: wanted.port, payload: wanted.payload, isConfirmed: isConfirmed)
        }
        var publication = MQTTPublication(topic: topic, text: text)
        publication.deadline = command.end(at: now)
        return publication
    }

    /// Whether the transmission by a gateway is the end of this command: only the device's answer is, unless the command asks
    /// for none.
    public static func endsWithTransmission(_ command: DeviceCommand) -> Bool {
        // One that cannot be read was never sent.
        (try? PayloadCommand(params: command.params))?.isConfirmed == false
    }
}
