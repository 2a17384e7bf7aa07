import Fleet
import GatewayModel
import Journal
import JSONText

/// One device, in lists and alone.
enum DeviceDocument {
    static func json(_ device: Device, now: ReceiveTime) -> JSON {
        [
            "id": .string(device.id.text),
            "online": .bool(device.isOnline(at: now)),
            "presence": .string(device.presence.rawValue),
            "source": .string(device.source.name),
            "name": .optional(device.displayName),
            "role": .optional(device.role),
            "firmware": .optional(device.firmware),
            "board": .optional(device.boardType),
            "reported_id": .optional(device.reportedID),
            "sensors": .strings(device.sensors),
            "capabilities": .strings(device.capabilities),
            "attributes": .members(device.attributes.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }),
            "first_seen": .time(device.firstSeen),
            "last_seen": device.lastSeen.milliseconds == 0 ? .null : .time(device.lastSeen),
        ]
    }

    /// A value with its metric, as `latest` and histories give it.
    static func json(_ row: ReadingRow) -> JSON {
        [
            "device": .string(row.device.text), "metric": .string(row.reading.metric.text),
            "time": .time(row.time), "v": .value(row.reading.value), "u": .string(row.reading.unit.code),
            "q": .string(row.reading.quality.name), "seq": .integer(row.seq.rawValue),
        ]
    }

    static func json(_ command: DeviceCommand) -> JSON {
        [
            "id": .string(command.id), "device": .string(command.device.text), "name": .string(command.name),
            // Params were checked when they were accepted.
            "params": (try? JSON(parsing: command.params)) ?? [:], "origin": .string(command.origin),
            "state": .string(command.state.rawValue), "result": .optional(command.result),
            "created": .time(command.created), "expires": .time(command.expires),
        ]
    }
}
