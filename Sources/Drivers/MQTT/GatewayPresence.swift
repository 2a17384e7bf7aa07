internal import FieldProtocols
internal import GatewayModel
internal import JSONText
internal import MQTT

/// The retained word on whether this gateway is there; the broker says the opposite in our name when we vanish.
struct GatewayPresence {
    let gateway: String

    var topic: String { "mycosoft/devices/\(gateway)/presence" }

    func publication(online: Bool, at time: Timestamp) -> MQTTPublication {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("device_id")
        writer.string(gateway)
        writer.key("device_role")
        writer.string("gateway")
        writer.key("online")
        writer.bool(online)
        writer.key("last_seen")
        writer.string(RFC3339.text(time.milliseconds))
        writer.endObject()
        return MQTTPublication(topic: topic, text: writer.text, retain: true)
    }
}
