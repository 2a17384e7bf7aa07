internal import FieldProtocols
internal import GatewayModel
internal import JSONText

/// The bodies of `POST /api/security/audit/log` and `POST /api/devices/{id}/agent/task` (reference, sections 6.3 and 6.5).
///
/// Neither has an idempotency key: the record's id goes into `details`, the task's or else the record's into `params`, so
/// that a repeat after a lost answer can be recognised.
struct MASNotes: Sendable {
    private static let severities: Set<String> = ["info", "warning", "error", "critical"]

    private let gatewayID: String
    private let identity: RecordIdentity

    init(gatewayID: String, epoch: String) {
        self.gatewayID = gatewayID
        identity = RecordIdentity(gateway: gatewayID, epoch: epoch)
    }

    func auditEntry(_ record: borrowing StoredRecord, to bytes: inout [UInt8]) -> Rendering {
        let id = identity.id(of: record.stream, record.seq)
        let body = Self.object(record.body)
        let principal = body["principal"]?.string ?? "gateway-\(gatewayID)"
        let severity = body["severity"]?.string.flatMap { Self.severities.contains($0) ? $0 : nil } ?? "info"
        var details = body.members ?? []
        details.append(.init(key: "gateway_record_id", value: .string(id)))
        details.append(.init(key: "gateway_id", value: .string(gatewayID)))
        details.append(.init(key: "recorded_at", value: .string(Self.text(record.received.wall.milliseconds))))
        let entry: JSON = [
            "user_id": .string(principal), "action": .string(record.kind ?? "unknown"),
            "resource": .string(record.device?.text ?? "gateway-\(gatewayID)"), "details": .object(details),
            "success": .bool(body["success"]?.bool ?? true),
            "ip_address": .string(body["address"]?.string ?? "127.0.0.1"),
            "severity": .string(severity),
        ]
        bytes.append(contentsOf: entry.text.utf8)
        return .rendered(identity: id)
    }

    /// Tasks that stay here are not the MAS's: it would send them back to the gateway's own agent.
    func agentTask(_ record: borrowing StoredRecord, to bytes: inout [UInt8]) -> Rendering {
        guard record.kind == AgentTaskType.recordKind else { return .nothing }
        let body = Self.object(record.body)
        guard let message = body["message"]?.string, !message.isEmpty else { return .unfit("a task without a message") }
        let id = identity.id(of: record.stream, record.seq)
        var params = body["params"]?.members ?? []
        params.removeAll { $0.key == "request_id" }
        params.append(.init(key: "request_id", value: body["id"] ?? .string(id)))
        let type = body["task_type"]?.string.flatMap(AgentTaskType.init) ?? .chat
        let task: JSON = [
            "message": .string(message), "task_type": .string(type.rawValue), "params": .object(params),
            "user_subject": .string(body["user_subject"]?.string ?? "gateway-\(gatewayID)"),
        ]
        bytes.append(contentsOf: task.text.utf8)
        return .rendered(identity: id)
    }

    private static func object(_ body: String?) -> JSON {
        // What is no object is told as text.
        let json = body.flatMap { try? JSON(parsing: $0) }
        if let json, json.members != nil { return json }
        return body.map { ["text": .string($0)] } ?? [:]
    }

    private static func text(_ milliseconds: Int64) -> String {
        var bytes: [UInt8] = []
        RFC3339.append(milliseconds, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
