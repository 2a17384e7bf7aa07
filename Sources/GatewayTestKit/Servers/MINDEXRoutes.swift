internal import Crypto
internal import Glibc
internal import JSONText

/// The routes of a MINDEX that a gateway uses (reference, section 6.4).
final class MINDEXRoutes: Sendable {
    private let state: Monitor<MINDEXState>

    init(state: Monitor<MINDEXState>) { self.state = state }

    func respond(to request: PeerRequest, body: UnsafeRawBufferPointer) -> PeerReply {
        let whole = String(request.path.prefix { $0 != "?" })
        for prefix in ["/api/mindex/internal", "/api/mindex"] where whole.hasPrefix(prefix + "/") {
            return respond(to: request, String(whole.dropFirst(prefix.count)), body)
        }
        return PeerReply(404, #"{"detail":"Not Found"}"#)
    }

    private func respond(to request: PeerRequest, _ path: String, _ body: UnsafeRawBufferPointer) -> PeerReply {
        let parts = path.split(separator: "/").map(String.init)
        return state.withLock { state in
            state.ledger.requests += 1
            if let refusal = turnAway(request, parts, &state) { return refusal }
            let route = Self.route(request.method, parts)
            guard let route else { return PeerReply(404, #"{"detail":"Not Found"}"#) }
            let fault = state.faults.next(on: route)
            if let reply = fault?.replyInstead { return reply }
            let reply =
                switch route {
                case "envelope": envelope(body, &state)
                case "health": health(body, &state)
                case "serial": serial(parts[3], state)
                case "pending": pending(parts[3], &state)
                default: acknowledge(parts[2], body, &state)
                }
            return fault?.spoil(reply) ?? reply
        }
    }

    private static func route(_ method: String, _ parts: [String]) -> String? {
        switch (method, parts.count) {
        case ("POST", 2) where parts == ["telemetry", "envelope"]: "envelope"
        case ("POST", 2) where parts == ["telemetry", "health"]: "health"
        case ("GET", 4) where parts.starts(with: ["mycobrain", "devices", "serial"]): "serial"
        case ("GET", 4) where parts.starts(with: ["mycobrain", "commands", "pending"]): "pending"
        case ("POST", 4) where parts.starts(with: ["mycobrain", "commands"]) && parts[3] == "ack": "ack"
        default: nil
        }
    }

    /// The two checks; nil if the request may pass.
    private func turnAway(_ request: PeerRequest, _ parts: [String], _ state: inout MINDEXState) -> PeerReply? {
        let configuration = state.configuration
        let isKey = request.apiKey.map { configuration.keys.contains($0) } ?? false
        let isToken = request.internalToken.map { configuration.tokens.contains($0) } ?? false
        let isSigned = request.internalToken.map { Self.isSigned($0, configuration.secret) } ?? false
        var detail: String?
        if request.internalToken == nil, !isKey {
            detail = "Missing internal service token. Provide X-Internal-Token header."
        } else if request.internalToken != nil, !isToken, !isSigned {
            detail = "Invalid internal service token."
        } else if parts.first == "mycobrain", !isKey, !isToken {
            detail = "Unauthorized"
        }
        guard let detail else { return nil }
        state.ledger.turnedAway += 1
        return PeerReply(401, #"{"detail":"\#(detail)"}"#)
    }

    private static func isSigned(_ token: String, _ secret: String?) -> Bool {
        guard let secret, let bytes = Base64.decode(token) else { return false }
        let parts = String(decoding: bytes, as: UTF8.self).split(separator: ":", maxSplits: 2).map(String.init)
        guard parts.count == 3, let seconds = Int64(parts[1]), abs(Int64(time(nil)) - seconds) <= 300 else {
            return false
        }
        let claim = "\(parts[0]):\(parts[1])"
        return Hex.encode(HMACSHA256.code(of: Array(claim.utf8), key: Array(secret.utf8))) == parts[2]
    }

    private func envelope(_ body: UnsafeRawBufferPointer, _ state: inout MINDEXState) -> PeerReply {
        // What is no JSON has no envelope either.
        guard let envelope = PeerBody.json(body)?["envelope"], envelope.members != nil else {
            return PeerReply(422, #"{"detail":[{"type":"missing","loc":["body","envelope"],"msg":"Field required"}]}"#)
        }
        guard let header = envelope["hdr"], header.members != nil, let pack = envelope["pack"]?.array else {
            return PeerReply(400, #"{"detail":"invalid_envelope_missing_hdr_pack"}"#)
        }
        guard let device = header["deviceId"]?.string, !device.isEmpty, let id = header["msgId"]?.string, !id.isEmpty,
            let seq = envelope["seq"]?.int64
        else { return PeerReply(400, #"{"detail":"invalid_envelope_missing_deviceId_msgId_seq"}"#) }
        state.slugs.insert(device)
        var inserted = 0
        var deduped = 0
        for reading in pack {
            guard let name = reading["id"]?.string, !name.isEmpty else { continue }
            let key = "\(device):\(seq):\(id):\(name)"
            if state.ledger.samples[key] == nil {
                state.ledger.samples[key] = reading["v"]?.text ?? "null"
                inserted += 1
            } else {
                deduped += 1
                if state.ledger.samples[key] != reading["v"]?.text ?? "null" { state.ledger.differing += 1 }
            }
        }
        state.ledger.envelopes.append((device, seq, id))
        if inserted == 0 { state.ledger.repeats += 1 }
        let answer: JSON = [
            "success": true, "device_slug": .string(device), "envelope_msg_id": .string(id),
            "envelope_seq": .integer(seq), "samples_inserted": .integer(Int64(inserted)),
            "samples_deduped": .integer(Int64(deduped)), "recorded_at": envelope["ts"]?["utc"] ?? .null,
            "verification": [:],
        ]
        return PeerReply(200, body: answer.bytes)
    }

    private func health(_ body: UnsafeRawBufferPointer, _ state: inout MINDEXState) -> PeerReply {
        guard let report = PeerBody.json(body), let slug = report["device_slug"]?.string,
            report["status"]?.string != nil
        else {
            return PeerReply(422, #"{"detail":[{"type":"missing","loc":["body","status"],"msg":"Field required"}]}"#)
        }
        guard state.slugs.contains(slug) else { return PeerReply(404, #"{"detail":"device_not_found"}"#) }
        state.ledger.reports.append(Array(body))
        return PeerReply(200, #"{"id":"5b0f1c6e-0000-4000-8000-000000000001","status":"online"}"#)
    }

    private func serial(_ serial: String, _ state: MINDEXState) -> PeerReply {
        guard let uuid = state.devices[serial] else { return PeerReply(404, #"{"detail":"Device not found"}"#) }
        return PeerReply(200, #"{"id":"\#(uuid)","serial_number":"\#(serial)","pending_commands":0}"#)
    }

    /// Everything pending of a device. It stays pending: nothing marks it as sent.
    private func pending(_ uuid: String, _ state: inout MINDEXState) -> PeerReply {
        state.ledger.polls += 1
        let entries = state.commands.filter { $0.status == "pending" && state.devices[$0.serial] == uuid }.map {
            #"{"id":"\#($0.id)","device_id":"\#(uuid)","device_serial":"\#($0.serial)","command_type":"command","#
                + #""command_payload":\#($0.payload),"priority":5,"status":"pending","retry_count":0,"max_retries":3,"#
                + #""expires_at":null}"#
        }
        return PeerReply(200, "[" + entries.joined(separator: ",") + "]")
    }

    private func acknowledge(_ id: String, _ body: UnsafeRawBufferPointer, _ state: inout MINDEXState) -> PeerReply {
        state.ledger.acknowledgementsTried += 1
        guard let request = PeerBody.json(body), request["command_id"]?.string == id,
            let isSuccess = request["success"]?.bool
        else {
            return PeerReply(422, #"{"detail":[{"type":"missing","loc":["body","success"],"msg":"Field required"}]}"#)
        }
        if state.acknowledgingFails {
            return PeerReply(500, "Internal Server Error")
        }
        guard let index = state.commands.firstIndex(where: { $0.id == id }) else {
            return PeerReply(404, #"{"detail":"Command not found"}"#)
        }
        state.commands[index].status = isSuccess ? "acknowledged" : "failed"
        let message = request["response_payload"]?["message"]?.string ?? request["error_message"]?.string ?? ""
        state.ledger.acknowledgements.append((id, isSuccess, message))
        return PeerReply(200, #"{"id":"\#(id)","status":"\#(state.commands[index].status)"}"#)
    }
}
