import GatewayModel
import HTTPServer
import Journal
import JSONText

extension ControlRoutes {
    private static let messageMax = 8_192
    private static let paramsMax = 32_768

    private static let taskTypes = AgentTaskType.allCases.map(\.rawValue)

    var taskRoutes: [Route] {
        [
            Route(
                .post, "/api/v1/tasks", scope: .tasksWrite, "Hands a task to the agents of the MAS, durably",
                tag: "tasks",
                body: .init(
                    "`message` (8 KiB at most), `task_type`, `params` (an object, 32 KiB at most), `user_subject`, and the `device` it is about",
                    schema: [
                        "type": "object", "required": ["message"],
                        "properties": [
                            "message": ["type": "string", "minLength": 1],
                            "task_type": [
                                "type": "string", "enum": .array(Self.taskTypes.map { .string($0) }), "default": "chat",
                            ],
                            "params": ["type": "object"], "user_subject": ["type": "string"],
                            "device": ["type": "string"],
                        ],
                    ]),
                answers: [
                    .init(202, "Stored: `id`, which the MAS is told as `params.request_id`"),
                    .problem(404, "No such device"), .problem(422, "Not a task"),
                    .problem(503, "The journal does not take writes now"),
                ], creates: true
            ) { request in
                let body = try request.json()
                let about = try body["device"].map { try device($0.string ?? "") }
                let members = try task(body)
                let id = sources.uuid()
                try audit("task_submitted", device: about, by: request.principal, ["task": .string(id)])
                try store(members, id: id, about: about)
                return Self.json(["id": .string(id), "state": "queued"], status: 202)
            }
        ]
    }

    /// The task's members, each within its bounds; those not given are left out. Throws 422.
    private func task(_ body: JSON) throws(Problem) -> [JSON.Member] {
        guard let message = body["message"]?.string, (1...Self.messageMax).contains(message.utf8.count) else {
            throw Problem(422, "invalid_message", "`message` must be a text of 1…\(Self.messageMax) bytes")
        }
        let type = body["task_type"] ?? "chat"
        guard type.string.flatMap(AgentTaskType.init) != nil else {
            throw Problem(
                422, "invalid_task_type", "`task_type` must be one of \(Self.taskTypes.joined(separator: ", "))")
        }
        let params = body["params"] ?? [:]
        guard params.members != nil, params.text.utf8.count <= Self.paramsMax else {
            throw Problem(422, "invalid_params", "`params` must be an object of at most \(Self.paramsMax) bytes")
        }
        let subject = body["user_subject"]
        guard subject.map({ (1...256).contains($0.string?.utf8.count ?? 0) }) ?? true else {
            throw Problem(422, "invalid_user_subject", "`user_subject` must be a text of 1…256 bytes")
        }
        let members: [JSON.Member] = [
            .init(key: "message", value: .string(message)), .init(key: "task_type", value: type),
            .init(key: "params", value: params),
        ]
        return members + (subject.map { [.init(key: "user_subject", value: $0)] } ?? [])
    }

    private func store(_ task: [JSON.Member], id: String, about device: DeviceID?) throws(Problem) {
        let body = JSON.object([.init(key: "id", value: .string(id))] + task)
        do throws(JournalError) {
            try append(Note(.tasks, kind: AgentTaskType.recordKind, device: device, body: body.text, received: now))
        } catch {
            throw Problem(503, "journal_unavailable", "the task could not be stored: \(error)")
        }
    }
}
