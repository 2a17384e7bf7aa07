internal import FieldProtocols
internal import GatewayModel
internal import JSONText

/// A message of the broker's event stream that wants something done.
enum BrokerMessage: Equatable {
    case command(RemoteCommand)
    /// Nothing for us, or nothing that can be used; the reason is a stable name.
    case ignored(String)

    /// - Parameters:
    ///   - isOurs: whether a device is one of this gateway.
    ///   - now: the wall clock; messages past their time are not done, if it can be trusted.
    init(_ data: [UInt8], now: Timestamp, isOurs: (DeviceID) -> Bool) {
        // What is no JSON was not sent by the broker.
        guard let message = try? JSON(parsing: data) else {
            self = .ignored("not_json")
            return
        }
        guard let channel = message["channel"]?.string.flatMap({ Channel($0) }),
            channel.purpose == "command" || channel.purpose == "commands"
        else {
            self = .ignored("not_a_command")
            return
        }
        guard isOurs(channel.device) else {
            self = .ignored("unknown_device")
            return
        }
        guard let id = message["id"]?.string, (1...128).contains(id.utf8.count), let payload = message["payload"],
            // The interface to fungi calls the name of its commands an action.
            let name = payload["cmd"]?.string ?? payload["action"]?.string
        else {
            self = .ignored("no_command")
            return
        }
        if let expires = Self.expiry(message), now.trusted, expires <= now.milliseconds {
            self = .ignored("expired")
            return
        }
        let rest = JSON.object((payload.members ?? []).filter { $0.key != "cmd" && $0.key != "action" })
        let nested = rest["params"].flatMap { $0.members == nil ? nil : $0 }
        self = .command(
            RemoteCommand(
                id: id, device: channel.device, name: name, params: (nested ?? rest).text,
                expires: Self.expiry(message)))
    }

    private static func expiry(_ message: JSON) -> Int64? {
        guard let sent = message["timestamp"]?.string.flatMap({ RFC3339.milliseconds(of: $0) }),
            let lifetime = message["ttl_seconds"]?.int64, (0...86_400 * 30).contains(lifetime)
        else { return nil }
        return sent + lifetime * 1_000
    }
}
