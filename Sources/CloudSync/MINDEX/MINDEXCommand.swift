internal import FieldProtocols
internal import GatewayModel
internal import JSONText

/// One entry of `GET /mycobrain/commands/pending/{uuid}` in the words of the gateway (reference, section 6.4).
enum MINDEXCommand: Equatable {
    case command(RemoteCommand)
    /// No board of ours can do it; the reason is for the server.
    case impossible(RemoteCommand, reason: String)

    /// The entries of an answer that are for `device`, which MINDEX knows as `uuid`; nil if it is not MINDEX's answer.
    static func entries(_ body: JSON, device: DeviceID, uuid: String) -> [MINDEXCommand]? {
        guard let entries = body.array ?? body["data"]?.array else { return nil }
        return entries.compactMap { entry in
            // An entry for another device, or that is not pending, is none of ours.
            guard entry["device_id"]?.string.map({ $0.lowercased() == uuid.lowercased() }) ?? true,
                entry["status"]?.string.map({ $0 == "pending" }) ?? true, let id = entry["id"]?.string,
                (1...64).contains(id.utf8.count),
                id.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") })
            else { return nil }
            return Self(id: id, device: device, entry)
        }
    }

    private init(id: String, device: DeviceID, _ entry: JSON) {
        let payload = entry["command_payload"] ?? .null
        let expires = entry["expires_at"]?.string.flatMap { RFC3339.milliseconds(of: $0) }
        let asked = payload["cmd"]?.string ?? entry["command_type"]?.string ?? ""
        func command(_ name: String, _ params: JSON) -> RemoteCommand {
            RemoteCommand(id: id, device: device, name: name, params: params.text, expires: expires)
        }
        let untouched = command(asked, Self.params(payload))
        switch asked {
        case "mosfet":
            guard let target = payload["target"]?.string, ["M1", "M2", "M3"].contains(target),
                let value = payload["value"]
            else {
                self = .impossible(untouched, reason: "target must be M1, M2 or M3, and value be given")
                return
            }
            let params: JSON = ["id": .string("mosfet" + target.dropFirst()), "value": value]
            self = .command(command("output_control", params))
        case "set_interval":
            guard let milliseconds = payload["value"]?.double, milliseconds > 0 else {
                self = .impossible(untouched, reason: "value must be milliseconds above 0")
                return
            }
            self = .command(command("stream_sensors", ["rate_hz": .number(1_000 / milliseconds)]))
        case "i2c_scan": self = .command(command("scan", [:]))
        case "reboot": self = .impossible(untouched, reason: "this firmware cannot be restarted by a command")
        case "ota_update":
            self = .impossible(untouched, reason: "firmware is not taken from a URL in a command")
        case "": self = .impossible(untouched, reason: "the command has no name")
        default: self = .command(untouched)
        }
    }

    /// `params`, and `target` and `value` beside them if they are not there already.
    private static func params(_ payload: JSON) -> JSON {
        var params: JSON = payload["params"]?.members == nil ? [:] : payload["params"] ?? [:]
        for key in ["target", "value"] where params[key] == nil {
            if let value = payload[key], !value.isNull { params[key] = value }
        }
        return params
    }
}
