import Fleet
import GatewayModel
import HTTPServer
import Journal
import JSONText

/// The face that the MAS and older tools call on port 8003 (reference `mycosoft-protocols.md`, sections 6.3 and 7).
extension ControlRoutes {
    var serviceRoutes: [Route] {
        [
            Route(
                .get, "/devices", scope: .readReadings, "The devices, as the MAS resolves ids", tag: "compatibility",
                answers: [.init(200, "`devices`, each with `device_id`")]
            ) { _ in
                let now = now
                let devices = sources.devices.devices().map { device -> JSON in
                    let document = DeviceDocument.json(device, now: now).members ?? []
                    return .object(
                        [
                            .init(key: "device_id", value: .string(device.id.text)),
                            .init(key: "status", value: device.isOnline(at: now) ? "online" : "offline"),
                        ] + document)
                }
                return Self.json(["devices": .array(devices), "count": .integer(Int64(devices.count))])
            },
            Route(
                .post, "/devices/{id}/command", scope: .writeCommands,
                "Sends a command and waits up to 5 s for the answer",
                tag: "compatibility",
                body: .init("`command`: an object with `cmd`, its other members are the params"),
                answers: [
                    .init(200, "What became of it"), .problem(404, "No such device"),
                ] + Self.commandProblems, creates: true
            ) { request in
                let body = try request.json()
                let command = body["command"] ?? body
                return try await order(try device(request.path("id")), command, request.principal, within: .seconds(5))
            },
            Route(
                .get, "/devices/{id}/telemetry", scope: .readReadings, "The latest values of a device",
                tag: "compatibility",
                answers: [.init(200, "The values"), .problem(404, "No such device")]
            ) { request in
                let id = try device(request.path("id"))
                return Self.json(["device_id": .string(id.text), "telemetry": try telemetry(id)])
            },
            Route(
                .get, "/ports", scope: .readReadings, "The serial ports and who has them", tag: "compatibility",
                answers: [.init(200, "`ports`")]
            ) { _ in
                Self.json(["ports": .array(sources.ports().map { Self.port($0) })])
            },
            Route(
                .post, "/ingest", scope: .writeIngest, "Takes in a message of a device, durably", tag: "compatibility",
                body: .init(
                    "`device_id`, `transport`, `payload` (an object)",
                    schema: [
                        "type": "object", "required": ["device_id", "payload"],
                        "properties": [
                            "device_id": ["type": "string"], "transport": ["type": "string"],
                            "payload": ["type": "object"],
                        ],
                    ]),
                answers: [
                    .init(
                        200,
                        "Stored: `message_id`, `queued`; `duplicate` is true if it was stored before, `message_id` then null unless the message bears one"
                    ), .problem(422, "Not usable"),
                    .problem(503, "The journal does not take writes now"),
                ], creates: true
            ) { request in try ingest(try request.json()) },
            Route(
                .get, "/queue", scope: .readReadings, "What waits for each destination", tag: "compatibility",
                answers: [.init(200, "`queued` and `destinations`")]
            ) { _ in
                let reports = sources.destinations()
                return Self.json([
                    "queued": .integer(reports.map(\.lag).max() ?? 0),
                    "destinations": .members(reports.map { ($0.name, .integer($0.lag)) }),
                ])
            },
            Route(
                .post, "/flush", scope: .admin, "Lets a destination, or all, try again now", tag: "compatibility",
                body: .init("`destination`, or nothing for all", isRequired: false),
                answers: [.init(200, "The destinations that try"), .problem(404, "No such destination")]
            ) { request in
                let name = try request.json()["destination"]?.string
                let woken = sources.flush(name)
                if let name, woken.isEmpty { throw Problem.notFound("no destination `\(name.prefix(64))`") }
                return Self.json(["status": "flushing", "destinations": .strings(woken)])
            },
            Route(
                .post, "/gateway/register", scope: .admin, "Announces the gateway and its devices upstream again",
                tag: "compatibility", answers: [.init(200, "The destinations that announce")]
            ) { _ in
                Self.json(["gateway_id": .string(sources.gateway.text), "destinations": .strings(sources.announce())])
            },
        ]
    }

    /// Sends `{"cmd": name, …params}` and tells what became of it within `limit`.
    func order(
        _ device: DeviceID, _ command: JSON, _ principal: Principal, within limit: Duration
    ) async throws -> HTTPResponse {
        guard let name = command["cmd"]?.string else {
            throw Problem(422, "missing_cmd", "`cmd` must be the name of a command")
        }
        let params = command["params"] ?? .object((command.members ?? []).filter { $0.key != "cmd" })
        let submitted = try submit(device, name, params, origin: "mas", by: principal, mayRepeat: true)
        let ended = try await finished(submitted.id, within: limit) ?? submitted
        return Self.json([
            // The MAS takes `ok: false` for a rejection; a command that is under way is none.
            "ok": .bool(ended.state != .refused && ended.state != .expired), "device_id": .string(device.text),
            "command_id": .string(ended.id), "status": .string(ended.state.rawValue), "result": .optional(ended.result),
        ])
    }

    private func telemetry(_ device: DeviceID) throws -> JSON {
        let rows = try sources.journal.latest(device: device)
        var values = rows.map { (key: $0.reading.metric.text, value: JSON.value($0.reading.value)) }
        values.sort { $0.key < $1.key }
        return [
            "time": .time(rows.map(\.time).max()), "values": .members(values.map { ($0.key, $0.value) }),
        ]
    }

    private func ingest(_ body: JSON) throws -> HTTPResponse {
        guard let id = body["device_id"]?.string.flatMap({ DeviceID($0) }) else {
            throw Problem(422, "bad_device_id", "`device_id` must be the id of a device")
        }
        guard let payload = body["payload"], payload.members != nil else {
            throw Problem(422, "missing_payload", "`payload` must be an object")
        }
        let message = IngestedMessage(
            device: id, transport: body["transport"]?.string ?? "http", payload: payload.bytes)
        do throws(IngestRefusal) {
            let receipt = try sources.ingest(message)
            var answer: [(String, JSON)] = [
                ("message_id", .optional(receipt.messageID)), ("queued", .integer(receipt.queued)),
            ]
            if receipt.isDuplicate { answer.append(("duplicate", true)) }
            return Self.json(.members(answer))
        } catch {
            switch error {
            case .rejected(let reason): throw Problem(422, reason, "the payload is not usable: \(reason)")
            case .unavailable(let detail): throw Problem(503, "journal_unavailable", detail)
            }
        }
    }

    private static func port(_ report: PortReport) -> JSON {
        [
            "path": .string(report.path), "identity": .string(report.identity), "usb": .optional(report.usb),
            "driver": .optional(report.driver), "device_id": .optional(report.device?.text),
            "state": .string(report.state),
            "detail": .optional(report.detail),
            "bytes": .integer(report.bytesReceived), "frames": .integer(report.framesReceived),
            "errors": .integer(report.errors),
        ]
    }
}
