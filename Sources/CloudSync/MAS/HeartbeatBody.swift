internal import GatewayModel
internal import JSONText

/// The bodies of `POST /api/devices/heartbeat` (reference, section 6.2).
struct HeartbeatBody {
    let site: SiteAnnouncement

    static func registryID(ofGateway id: String) -> String { "gateway-\(id)" }

    func gateway() -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        common(&writer, id: Self.registryID(ofGateway: site.gatewayID), name: "Mycogate", role: "gateway")
        text(&writer, "device_display_name", site.displayName)
        text(&writer, "location", site.location)
        text(&writer, "firmware_version", site.version)
        text(&writer, "board_type", site.boardType)
        list(&writer, "sensors", [])
        list(&writer, "capabilities", site.capabilities)
        text(&writer, "ingestion_source", "gateway")
        writer.key("extra")
        writer.beginObject()
        text(&writer, "gateway_id", site.gatewayID)
        text(&writer, "transport", "gateway")
        list(&writer, "mdp_device_ids_on_host", site.devices.map(\.id.text))
        text(&writer, "location", site.location)
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }

    func device(_ device: DeviceAnnouncement) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        common(&writer, id: device.id.text, name: device.name ?? "MycoBrain", role: device.role ?? "standalone")
        text(&writer, "device_display_name", device.displayName)
        text(&writer, "location", device.location ?? site.location)
        text(&writer, "firmware_version", device.firmwareVersion ?? "unknown")
        text(&writer, "board_type", device.boardType ?? "esp32s3")
        list(&writer, "sensors", device.sensors)
        list(&writer, "capabilities", device.capabilities)
        text(&writer, "ingestion_source", Self.ingestionSource(device.source))
        writer.key("extra")
        writer.beginObject()
        text(&writer, "mdp_device_id", device.id.text)
        if device.source == .serial { text(&writer, "primary_serial_device_id", device.id.text) }
        text(&writer, "gateway_id", site.gatewayID)
        text(&writer, "via_gateway_id", Self.registryID(ofGateway: site.gatewayID))
        text(&writer, "transport", device.source.name)
        text(&writer, "reported_id", device.reportedID)
        text(&writer, "location", device.location ?? site.location)
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }

    private func common(_ writer: inout JSONWriter, id: String, name: String, role: String) {
        text(&writer, "device_id", id)
        text(&writer, "host", site.host)
        writer.key("port")
        writer.integer(site.port)
        text(&writer, "device_name", name)
        text(&writer, "device_role", role)
        text(&writer, "connection_type", "lan")
    }

    private func text(_ writer: inout JSONWriter, _ key: String, _ value: String?) {
        guard let value else { return }
        writer.key(key)
        writer.string(value)
    }

    private func list(_ writer: inout JSONWriter, _ key: String, _ values: [String]) {
        writer.key(key)
        writer.beginArray()
        for value in values { writer.string(value) }
        writer.endArray()
    }

    /// The MAS's word for the way a device's data comes in.
    private static func ingestionSource(_ source: SourceKind) -> String {
        switch source {
        case .mqtt: "mqtt"
        case .serial: "serial"
        case .lora: "lora"
        case .http, .udp, .modbus, .gateway: "gateway"
        }
    }
}
