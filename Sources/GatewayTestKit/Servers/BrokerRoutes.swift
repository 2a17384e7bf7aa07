internal import JSONText

/// The routes of a Mycorrhizae broker that a gateway uses (reference, section 4.6).
final class BrokerRoutes: Sendable {
    private let state: Monitor<BrokerState>
    private static let messageTypes: Set<String> = [
        "telemetry", "event", "command", "insight", "query", "response", "heartbeat",
    ]

    init(state: Monitor<BrokerState>) { self.state = state }

    func respond(to request: PeerRequest, body: UnsafeRawBufferPointer) -> PeerReply {
        let path = request.path.prefix { $0 != "?" }
        let parts = path.split(separator: "/").map { Self.unescaped($0) }
        return state.withLock { state in
            state.ledger.requests += 1
            let route: String
            switch (request.method, parts.count) {
            case ("POST", 4) where parts[0] == "api" && parts[1] == "channels" && parts[3] == "publish":
                route = "publish"
            case ("POST", 4) where parts == ["api", "stream", "replay", "ack"]: route = "ack"
            case ("GET", 3) where parts == ["api", "stream", "subscribe"]: route = "subscribe"
            default: return PeerReply(404, #"{"detail":"Not Found"}"#)
            }
            if let refusal = turnAway(request, &state) { return refusal }
            let fault = state.faults.next(on: route)
            if let reply = fault?.replyInstead { return reply }
            let reply =
                switch route {
                case "publish": publish(parts[2], body, &state)
                case "ack": acknowledge(body, &state)
                default: subscribe(request, &state)
                }
            return fault?.spoil(reply) ?? reply
        }
    }

    private func turnAway(_ request: PeerRequest, _ state: inout BrokerState) -> PeerReply? {
        guard let key = request.apiKey else {
            return PeerReply(
                422, #"{"detail":[{"type":"missing","loc":["header","X-API-Key"],"msg":"Field required"}]}"#)
        }
        guard state.configuration.keys.contains(key) else {
            state.ledger.turnedAway += 1
            return PeerReply(403, #"{"detail":"Invalid or inactive key"}"#)
        }
        state.used += 1
        if let limit = state.configuration.requestsMax, state.used > limit {
            return PeerReply(403, #"{"detail":"API key validation failed: Rate limit exceeded (per minute)"}"#)
        }
        return nil
    }

    private func publish(_ channel: String, _ body: UnsafeRawBufferPointer, _ state: inout BrokerState) -> PeerReply {
        guard let request = PeerBody.json(body), let payload = request["payload"], payload.members != nil else {
            return PeerReply(422, #"{"detail":[{"type":"missing","loc":["body","payload"],"msg":"Field required"}]}"#)
        }
        let type = request["message_type"]?.string ?? "telemetry"
        guard Self.messageTypes.contains(type) else {
            return PeerReply(400, #"{"detail":"Invalid message type"}"#)
        }
        guard channel.hasPrefix("device.") else {
            return PeerReply(400, #"{"detail":"Channel not found: \#(channel)"}"#)
        }
        if payload["hdr"] != nil, payload["hash"] != nil, payload["sig"] != nil, payload["ts"] == nil {
            return PeerReply(400, #"{"detail":"envelope_invalid:missing_keys:ts"}"#)
        }
        if let device = payload["hdr"]?["deviceId"]?.string, let id = payload["hdr"]?["msgId"]?.string,
            let seq = payload["seq"]?.int64
        {
            let key = "\(device):\(seq):\(id)"
            let bytes = Array(body)
            if let known = state.known[key] {
                state.ledger.repeats += 1
                if known != bytes.hashValue { state.ledger.differing += 1 }
            } else {
                state.known[key] = bytes.hashValue
                state.ledger.messages.append((key, channel, bytes))
            }
        } else {
            state.ledger.messages.append(("", channel, Array(body)))
        }
        let answer: JSON = [
            "message_id": "6d3c9f54-0000-4000-8000-000000000000", "channel": .string(channel),
            "subscribers_notified": 0,
            "persisted": true,
        ]
        return PeerReply(200, body: answer.bytes)
    }

    private func acknowledge(_ body: UnsafeRawBufferPointer, _ state: inout BrokerState) -> PeerReply {
        guard let request = PeerBody.json(body), let device = request["device_id"]?.string,
            let id = request["msg_id"]?.string, let seq = request["seq"]?.int64, seq >= 0, !device.isEmpty, !id.isEmpty,
            device.utf8.count <= 200, id.utf8.count <= 200
        else {
            return PeerReply(422, #"{"detail":[{"type":"missing","loc":["body","msg_id"],"msg":"Field required"}]}"#)
        }
        let isAccepted = request["accepted"]?.bool ?? true
        state.ledger.acknowledgements.append((device, id, seq, isAccepted))
        let answer: JSON = [
            "deviceId": .string(device), "msgId": .string(id), "seq": .integer(seq), "accepted": .bool(isAccepted),
            "reason": request["reason"] ?? .null, "ackedAtUtc": .string(MASState.utc()),
        ]
        return PeerReply(200, body: answer.bytes)
    }

    private func subscribe(_ request: PeerRequest, _ state: inout BrokerState) -> PeerReply {
        guard let query = request.path.split(separator: "?").last, query.hasPrefix("channel=") else {
            return PeerReply(422, #"{"detail":[{"type":"missing","loc":["query","channel"],"msg":"Field required"}]}"#)
        }
        let feed = PeerFeed()
        let pattern = Self.unescaped(query.dropFirst("channel=".count))
        feed.put("event: connected\r\ndata: {\"subscription_id\": \"s\", \"channel_pattern\": \"\(pattern)\"}\r\n\r\n")
        state.listeners.append(feed)
        state.ledger.subscriptions.append(request.lastEventID)
        state.ledger.patterns.append(pattern)
        var reply = PeerReply(200, "")
        reply.headers = "content-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\n"
        reply.manner = .stream(feed)
        return reply
    }

    private static func unescaped(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
