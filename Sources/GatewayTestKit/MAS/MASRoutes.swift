internal import Glibc
internal import JSONText

/// The routes of the MAS that a gateway uses (reference, sections 6.1, 6.2 and 6.5).
///
/// Called on the one thread of the server, which owns the parser.
final class MASRoutes: @unchecked Sendable {
    // Used by the server's thread alone.
    private let parser = JSONParser(byteCountMax: PeerRequest.bodyCountMax)
    let state: Monitor<MASState>
    private var clockText = (at: Int64.min, text: "")

    init(state: Monitor<MASState>) { self.state = state }

    func respond(to request: PeerRequest, body: UnsafeRawBufferPointer) -> PeerReply {
        let path = request.path.prefix { $0 != "?" }
        if request.method == "GET" { return respond(toGet: path) }
        guard request.method == "POST" else { return PeerReply(405, #"{"detail":"Method Not Allowed"}"#) }
        let route: MASRoute? =
            switch path {
            case "/api/iot/envelope/ingest": .envelopes
            case "/api/devices/heartbeat", "/api/devices/register": .heartbeats
            case "/api/security/audit/log": .audit
            case let path where path.hasPrefix("/api/devices/") && path.hasSuffix("/agent/task"): .tasks
            default: nil
            }
        return state.withLock { state in
            let now = MASState.now()
            state.ledger.noteRequest(at: now)
            guard let route else { return PeerReply(404, #"{"detail":"Not Found"}"#) }
            if let reply = limited(request, &state, now) { return reply }
            let fault = state.nextFault(on: route)
            if let fault, let reply = fault.replyInstead { return reply }
            var reply =
                switch route {
                case .envelopes: ingest(body, &state)
                case .heartbeats: heartbeat(body, &state)
                case .audit: audit(body, &state)
                case .tasks: task(body, String(path.split(separator: "/")[2]), &state)
                }
            // As uvicorn does; of the envelopes' answers nobody asks it.
            if route == .heartbeats { reply.headers += "date: \(Self.httpDate())\r\n" }
            if let fault { reply = fault.spoil(reply) }
            return reply
        }
    }

    /// The time as answers carry it (RFC 9110, section 5.6.7).
    private static func httpDate() -> String {
        var seconds = time(nil)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        var text = [CChar](repeating: 0, count: 64)
        let count = strftime(&text, text.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
        return String(decoding: text[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private func limited(_ request: PeerRequest, _ state: inout MASState, _ now: Int64) -> PeerReply? {
        guard state.configuration.limitsRate else { return nil }
        if let token = state.configuration.serviceToken, request.serviceToken == token { return nil }
        if state.limit.admits(now: now) { return nil }
        state.ledger.limited += 1
        var reply = PeerReply(429, #"{"error":"Rate limit exceeded","retry_after":60}"#)
        reply.headers =
            "retry-after: 60\r\nx-ratelimit-remaining-minute: \(state.limit.remainingInMinute(now))\r\n"
            + "x-ratelimit-remaining-hour: \(state.limit.remainingInHour)\r\n"
        return reply
    }

    private func audit(_ body: UnsafeRawBufferPointer, _ state: inout MASState) -> PeerReply {
        // What is no JSON has none of the fields either.
        let entry = try? parser.parse(body)
        let isWhole = ["user_id", "action", "resource", "ip_address"].allSatisfy { entry?[$0]?.string != nil }
        guard isWhole, entry?["success"]?.bool != nil,
            ["info", "warning", "error", "critical"].contains(entry?["severity"]?.string)
        else {
            return PeerReply(422, #"{"detail":[{"type":"missing","loc":["body","user_id"],"msg":"Field required"}]}"#)
        }
        state.ledger.auditEntries.append(Array(body))
        return PeerReply(200, #"{"entry_id":"e-1","timestamp":"2026-01-15T14:30:00Z","data_hash":"00"}"#)
    }

    private func task(_ body: UnsafeRawBufferPointer, _ device: String, _ state: inout MASState) -> PeerReply {
        // As above.
        guard (try? parser.parse(body))?["message"]?.string != nil else {
            return PeerReply(422, #"{"detail":"message"}"#)
        }
        state.ledger.agentTasks.append((device, Array(body)))
        return PeerReply(200, #"{"status":"forwarded"}"#)
    }

    private func ingest(_ body: UnsafeRawBufferPointer, _ state: inout MASState) -> PeerReply {
        // What is no JSON has no envelope either.
        guard let message = try? parser.parse(body), let envelope = message["envelope"], envelope.isObject else {
            state.ledger.refused += 1
            return PeerReply(422, #"{"detail":[{"type":"missing","loc":["body","envelope"],"msg":"Field required"}]}"#)
        }
        guard let header = envelope["hdr"], header.isObject else {
            state.ledger.refused += 1
            return PeerReply(400, #"{"detail":"missing_hdr"}"#)
        }
        guard let device = header["deviceId"]?.string, !device.isEmpty, let id = header["msgId"]?.string, !id.isEmpty,
            let seq = envelope["seq"]?.int64
        else {
            state.ledger.refused += 1
            return PeerReply(400, #"{"detail":"missing_deviceId_msgId_seq"}"#)
        }
        if let fault = state.standingByDevice[device] {
            if let reply = fault.replyInstead { return reply }
            return fault.spoil(accept(id, device, seq, message["channel"]?.string, body, &state))
        }
        return accept(id, device, seq, message["channel"]?.string, body, &state)
    }

    private func accept(
        _ id: String, _ device: String, _ seq: Int64, _ channel: String?, _ body: UnsafeRawBufferPointer,
        _ state: inout MASState
    ) -> PeerReply {
        state.ledger.accept(
            id, device: device, seq: seq, envelope: body, keepsContent: state.configuration.keepsContent)
        let now = MASState.now()
        if now / 1_000 != clockText.at { clockText = (now / 1_000, MASState.utc()) }
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("accepted")
        writer.bool(true)
        writer.key("deviceId")
        writer.string(device)
        writer.key("msgId")
        writer.string(id)
        writer.key("seq")
        writer.integer(seq)
        writer.key("channel")
        writer.string(channel ?? "device.\(device).telemetry")
        writer.key("forwardedAtUtc")
        writer.string(clockText.text)
        writer.endObject()
        return PeerReply(200, body: writer.bytes)
    }

    private func heartbeat(_ body: UnsafeRawBufferPointer, _ state: inout MASState) -> PeerReply {
        // What is no JSON lacks every field.
        let message = try? parser.parse(body)
        for field in ["device_id", "host"] where message?[computed: field]?.string == nil {
            state.ledger.refused += 1
            return PeerReply(
                422, #"{"detail":[{"type":"missing","loc":["body","\#(field)"],"msg":"Field required"}]}"#)
        }
        guard let device = message?["device_id"]?.string else { return PeerReply(422, "{}") }
        let isNew = state.registry.insert(device).inserted
        state.ledger.heartbeats[device, default: 0] += 1
        state.ledger.lastHeartbeat[device] = Array(body)
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("status")
        writer.string(isNew ? "registered" : "updated")
        writer.key("device_id")
        writer.string(device)
        writer.key("timestamp")
        writer.string(MASState.utc())
        writer.endObject()
        return PeerReply(200, body: writer.bytes)
    }
}
