internal import GatewayModel
internal import JSONText

extension DevicePresence {
    /// Attributes that are kept of one message, and the longest text of one.
    private static let attributeCountMax = 48
    private static let textByteCountMax = 256
    private static let listCountMax = 64

    /// Reads presence, status and heartbeat payloads. `online` (a flag) and `status` (a word) are both in use; a
    /// heartbeat says by itself that its device is there.
    init(_ value: JSONValue, of device: DeviceName, isAlive: Bool) {
        isOnline = isAlive ? true : nil
        // Some publish the bare word.
        if let word = value.string { isOnline = Self.isOnline(word) ?? isOnline }
        value.forEachMember { key, member in take(String(decoding: key, as: UTF8.self), member, device) }
    }

    private mutating func take(_ key: String, _ value: JSONValue, _ device: DeviceName) {
        switch key {
        case "online": isOnline = value.bool ?? isOnline
        case "status" where value.string != nil:
            isOnline = Self.isOnline(value.string ?? "") ?? isOnline
            keep(key, value)
        case "device_id", "deviceId": if let id = value.string, id != device.text { reportedID = Self.bounded(id) }
        case "nickname", "device_display_name", "display_name": displayName = Self.text(value) ?? displayName
        case "device_name" where displayName == nil: displayName = Self.text(value)
        case "role", "device_role": role = Self.text(value) ?? role
        case "firmware_version", "side_a_fw", "firmware": firmware = firmware ?? Self.text(value)
        case "board_type": boardType = Self.text(value) ?? boardType
        case "sensors": sensors = Self.list(value)
        case "capabilities": capabilities = Self.list(value)
        default: keep(key, value)
        }
        if key == "side_a_fw" { keep(key, value) }
    }

    private mutating func keep(_ key: String, _ value: JSONValue) {
        guard key.utf8.count <= 64, attributes.count < Self.attributeCountMax else { return }
        if let text = Self.text(value) {
            attributes[key] = text
        } else if value.bool != nil || value.double != nil {
            attributes[key] = JSON(value).text
        }
    }

    private static func isOnline(_ word: String) -> Bool? {
        switch word.lowercased() {
        case "online", "connected", "ok", "ready", "up": true
        case "offline", "disconnected", "down", "lost": false
        default: nil
        }
    }

    private static func text(_ value: JSONValue) -> String? { value.string.flatMap { $0.isEmpty ? nil : bounded($0) } }

    private static func bounded(_ text: String) -> String {
        text.utf8.count <= textByteCountMax ? text : String(text.prefix(textByteCountMax / 4))
    }

    private static func list(_ value: JSONValue) -> [String] {
        var list: [String] = []
        value.forEachElement { element in
            if list.count < listCountMax, let text = text(element) { list.append(text) }
        }
        return list
    }
}

extension CommandAnswer {
    private static let resultByteCountMax = 4096

    /// Reads `{device_id, request_id, ok, ts, result}` and what firmware answers: `{success, message}`.
    init(_ value: JSONValue) {
        let id = value["request_id"] ?? value["requestId"] ?? value["id"] ?? value["command_id"]
        requestID = id?.string
        let flag = value["ok"]?.bool ?? value["success"]?.bool ?? value["accepted"]?.bool
        isOK = flag ?? (value["error"] == nil)
        let said = value["result"] ?? value["message"] ?? value["error"] ?? value["reason"]
        result = said.flatMap { $0.isNull ? nil : $0.string ?? JSON($0).text }
        if let text = result, text.utf8.count > Self.resultByteCountMax { result = String(text.prefix(1024)) }
    }
}
