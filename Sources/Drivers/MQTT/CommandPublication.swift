public import GatewayModel
internal import JSONText
public import MQTT

/// A command as devices of the current contract expect it on `mycosoft/devices/{id}/cmd` (field reference, section 5).
public enum CommandPublication {
    /// `deviceID` is what the device calls itself. It is not sent any more when it has expired; the device answers under
    /// `request_id` on its `ack` topic.
    public static func of(
        _ command: DeviceCommand, deviceID: String, target: String = "side_a", now: ReceiveTime
    ) -> MQTTPublication {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("target")
        writer.string(target)
        writer.key("cmd")
        writer.string(command.name)
        writer.key("params")
        writer.raw(command.params)
        writer.key("request_id")
        writer.string(command.id)
        writer.key("ack_requested")
        writer.bool(true)
        writer.endObject()
        var publication = MQTTPublication(topic: "mycosoft/devices/\(deviceID)/cmd", payload: writer.bytes)
        publication.deadline = command.end(at: now)
        return publication
    }
}
