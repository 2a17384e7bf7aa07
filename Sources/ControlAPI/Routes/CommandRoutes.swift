import Fleet
import GatewayModel
import HTTPServer
import JSONText

extension ControlRoutes {
    var commandRoutes: [Route] {
        let wait = Parameter.integer("wait", 0...60, default: 0, "Seconds to wait for the end of the command")
        return [
            Route(
                .post, "/api/v1/devices/{id}/commands", scope: .writeCommands, "Sends a command to a device",
                tag: "commands",
                body: .init(
                    "`name`, `params` (an object) and how many seconds it may wait, `lifetime_s` (1 to 86400, default 60)",
                    schema: [
                        "type": "object", "required": ["name"],
                        "properties": [
                            "name": ["type": "string"], "params": ["type": "object"],
                            "lifetime_s": ["type": "integer", "minimum": 1, "maximum": 86_400],
                        ],
                    ]),
                answers: [
                    .init(202, "Accepted, with its state"), .problem(404, "No such device"),
                ] + Self.commandProblems,
                creates: true
            ) { request in
                let body = try request.json()
                guard let name = body["name"]?.string else {
                    throw Problem(422, "missing_name", "`name` must be the name of a command")
                }
                let lifetime = body["lifetime_s"].map { $0.int ?? 0 } ?? 60
                guard (1...86_400).contains(lifetime) else {
                    throw Problem(422, "invalid_lifetime", "`lifetime_s` must be 1…86400")
                }
                let command = try submit(
                    try device(request.path("id")), name, body["params"], origin: request.principal.origin,
                    by: request.principal, lifetime: .seconds(lifetime))
                return Self.json(DeviceDocument.json(command), status: 202)
            },
            Route(
                .get, "/api/v1/commands/{id}", scope: .readReadings, "A command and its state", tag: "commands",
                parameters: [wait.declaration], answers: [.init(200, "The command"), .problem(404, "No such command")]
            ) { request in
                guard let command = try await finished(request.path("id"), within: .seconds(request[wait])) else {
                    throw Problem.notFound("no command `\(request.path("id"))`")
                }
                return Self.json(DeviceDocument.json(command))
            },
        ]
    }

    /// Why a command is not accepted, for every route that takes one: what `submit` throws.
    static let commandProblems: [Route.Answer] = [
        .problem(422, "Not a command"), .problem(429, "Too many unfinished commands"),
        .problem(503, "The store does not take it now"),
    ]

    /// Accepts a command: audited, then durable.
    func submit(
        _ device: DeviceID, _ name: String, _ params: JSON?, origin: String, by principal: Principal,
        lifetime: Duration = CommandQueue.lifetime, mayRepeat: Bool = false
    ) throws -> DeviceCommand {
        let params = params ?? [:]
        guard params.members != nil else { throw Problem(422, "invalid_params", "`params` must be an object") }
        let id = sources.uuid()
        try audit(
            "command_submitted", device: device, by: principal,
            ["command": .string(id), "name": .string(name), "params": params])
        do throws(CommandRefusal) {
            return try sources.commands.submit(
                id: id, device: device, name: name, params: params.text, origin: origin, now: now, lifetime: lifetime,
                mayRepeat: mayRepeat)
        } catch {
            switch error {
            case .invalidName, .paramsTooLong: throw Problem(422, error.code, error.description)
            case .backlogFull: throw Problem(429, error.code, error.description)
            case .store: throw Problem(503, error.code, error.description)
            }
        }
    }

    /// The command, after waiting for its end at most `limit`; nil if there is none.
    func finished(_ id: String, within limit: Duration) async throws -> DeviceCommand? {
        guard let command = try sources.commands.command(id) else { return nil }
        if command.state.isFinal || limit <= .zero { return command }
        let commands = sources.commands
        await withTaskGroup(of: Void.self) { group in
            // Either ends the wait; an error of the store shows again in the read below.
            group.addTask { try? await commands.finish(of: id) }
            group.addTask { try? await Task.sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
        return try sources.commands.command(id)
    }
}
