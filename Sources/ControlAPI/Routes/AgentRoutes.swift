import Fleet
import GatewayModel
import HTTPServer
import Journal
import JSONText

/// The face of an on-device agent, which the MAS and the website also call: it speaks of "the" board, so a request names
/// one with `device_id`, or there is just one.
extension ControlRoutes {
    var agentRoutes: [Route] {
        let device = Parameter<String?>.optionalText("device_id", "The board; if left out, the one heard last")
        return [
            Route(
                .get, "/api/status", scope: .readReadings, "The board's link and last readings", tag: "compatibility",
                parameters: [device.declaration], answers: [.init(200, "The status"), .problem(404, "No such board")]
            ) { request in Self.json(try agentStatus(request[device])) },
            Route(
                .post, "/api/cmd", scope: .writeCommands, "Sends a command by its text", tag: "compatibility",
                body: .init("`cmd`: the name, or the name and `key=value` words"),
                answers: [
                    .init(200, "`ok` and what became of it"), .problem(404, "No such board"),
                    .problem(409, "Several boards and none named"),
                ] + Self.commandProblems, creates: true
            ) { request in
                let body = try request.json()
                let words = (body["cmd"]?.string ?? "").split(separator: " ").map(String.init)
                let params = words.dropFirst().map { word -> JSON.Member in
                    let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
                    guard parts.count == 2 else { return .init(key: parts[0], value: true) }
                    // What is not JSON is text.
                    return .init(key: parts[0], value: (try? JSON(parsing: parts[1])) ?? .string(parts[1]))
                }
                guard let name = words.first else {
                    throw Problem(422, "missing_cmd", "`cmd` must be the name of a command")
                }
                let command: JSON = ["cmd": .string(name), "params": .object(Array(params))]
                return try await order(
                    try board(body["device_id"]?.string).id, command, request.principal, within: .seconds(5))
            },
            Route(
                .post, "/command", scope: .writeCommands, "Sends a command", tag: "compatibility",
                body: .init("`target`, `cmd`, `params`, `timeout_ms` (0 to 60000, default 5000), `device_id`"),
                answers: [
                    .init(200, "`ok` and what became of it"), .problem(404, "No such board"),
                    .problem(409, "Several boards and none named"),
                ] + Self.commandProblems, creates: true
            ) { request in
                let body = try request.json()
                let timeout = body["timeout_ms"]?.int64 ?? 5_000
                guard (0...60_000).contains(timeout) else {
                    throw Problem(422, "invalid_timeout", "`timeout_ms` must be 0…60000")
                }
                let command: JSON = ["cmd": body["cmd"] ?? .null, "params": body["params"] ?? [:]]
                return try await order(
                    try board(body["device_id"]?.string).id, command, request.principal, within: .milliseconds(timeout))
            },
            Route(
                .get, "/telemetry/latest", scope: .readReadings, "The board's latest values", tag: "compatibility",
                parameters: [device.declaration],
                answers: [
                    .init(200, "The values"), .init(204, "None yet", contentType: nil), .problem(404, "No such board"),
                ]
            ) { request in
                let board = try boardToRead(request[device])
                let rows = try sources.journal.latest(device: board.id)
                guard !rows.isEmpty else { return HTTPResponse(status: 204) }
                return Self.json([
                    "device_id": .string(board.id.text), "readings": .array(rows.map { DeviceDocument.json($0) }),
                ])
            },
        ]
    }

    /// The named device, or the one that was heard last: the MAS asks without a name. Throws 404.
    private func boardToRead(_ name: String?) throws(Problem) -> Device {
        if name != nil { return try board(name) }
        let devices = sources.devices.devices()
        let boards = devices.filter { $0.source == .serial }
        guard let latest = (boards.isEmpty ? devices : boards).max(by: { $0.lastSeen < $1.lastSeen }) else {
            throw .notFound("no device is known yet")
        }
        return latest
    }

    /// The named device, or the only board there is. Throws 404 and 409.
    private func board(_ name: String?) throws(Problem) -> Device {
        if let name {
            guard let id = DeviceID(name), let device = sources.devices.device(id) else {
                throw .notFound("no device `\(name)`")
            }
            return device
        }
        let devices = sources.devices.devices()
        let boards = devices.filter { $0.source == .serial }
        switch (boards.count, devices.count) {
        case (1, _): return boards[0]
        case (0, 1): return devices[0]
        case (0, 0): throw .notFound("no device is known yet")
        default: throw Problem(409, "device_not_named", "there are several devices; name one with `device_id`")
        }
    }

    private func agentStatus(_ name: String?) throws -> JSON {
        // Where there is no device yet the gateway still answers for itself.
        guard let device = name == nil ? try? boardToRead(nil) : try board(name) else {
            return ["ok": true, "serialConnected": false, "lastHeartbeat": .null, "lastSensorReading": .null]
        }
        let rows = try sources.journal.latest(device: device.id)
        func value(_ names: String...) -> JSON {
            for name in names {
                if let row = rows.first(where: { $0.reading.metric.text == name }) { return .value(row.reading.value) }
            }
            return .null
        }
        return [
            "ok": true, "serialConnected": .bool(device.source == .serial && device.isOnline(at: now)),
            "lastHeartbeat": .time(device.lastSeen),
            "lastSensorReading": [
                "device_id": .string(device.id.text), "node_id": .optional(device.reportedID),
                "role": .optional(device.role), "fw_version": .optional(device.firmware),
                "ts": .time(rows.map(\.time).max()),
                "ambient_temperature_c": value("bme688_a.temperature", "bme688_b.temperature"),
                "humidity_pct_comp": value("bme688_a.humidity", "bme688_b.humidity"),
                "pressure_hpa": value("bme688_a.pressure", "bme688_b.pressure"),
                "iaq": value("bme688_a.iaq", "bme688_b.iaq"),
                "eco2_ppm": value("bme688_a.co2_equivalent", "bme688_b.co2_equivalent"),
                "gas_resistance_ohm": value("bme688_a.gas_resistance", "bme688_b.gas_resistance"),
                "sensor_slot": rows.contains { $0.reading.metric.text.hasPrefix("bme688_a.") } ? "a" : "b",
            ],
        ]
    }
}
