internal import JSONText

extension MASRoutes {
    /// The answer of a fault that keeps the request from being acted on; nil for the others.
    func replyInstead(_ fault: MASFault) -> PeerReply? {
        switch fault {
        case .status(let status, let retryAfter):
            var reply = PeerReply(status, #"{"detail":"scripted"}"#)
            if let retryAfter { reply.headers = "retry-after: \(retryAfter)\r\n" }
            return reply
        case .closed: return PeerReply(unanswered: .unanswered)
        case .silent: return PeerReply(unanswered: .never)
        case .garbage: return PeerReply(unanswered: .garbage)
        case .redirect(let target):
            var reply = PeerReply(302, "")
            reply.headers = "location: \(target)\r\n"
            return reply
        case .page:
            var reply = PeerReply(200, "<html><body>Welcome to the guest network</body></html>")
            reply.headers = "content-type: text/html\r\n"
            return reply
        case .wrongMessage: return PeerReply(200, #"{"accepted":true,"deviceId":"x","msgId":"another","seq":1}"#)
        case .notAccepted: return PeerReply(200, #"{"accepted":false,"reason":"scripted"}"#)
        case .halfBody, .lostAnswer, .late, .dribbled: return nil
        }
    }

    /// The answer to a request that was acted on, as far as the fault lets it through.
    func spoil(_ reply: PeerReply, _ fault: MASFault) -> PeerReply {
        var reply = reply
        switch fault {
        case .halfBody: reply.manner = .half
        case .lostAnswer: reply.manner = .unanswered
        case .late(let milliseconds): reply.manner = .late(milliseconds: milliseconds)
        case .dribbled(let milliseconds): reply.manner = .dribbled(milliseconds: milliseconds)
        default: break
        }
        return reply
    }

    /// What the tests of others look at, and a health route as the MAS has one.
    func respond(toGet path: Substring) -> PeerReply {
        switch path {
        case "/health": PeerReply(200, #"{"status":"healthy"}"#)
        case "/standin/ledger": PeerReply(200, body: ledgerLines())
        case "/standin/summary": PeerReply(200, body: summary())
        default: PeerReply(404, #"{"detail":"Not Found"}"#)
        }
    }

    private func ledgerLines() -> [UInt8] {
        state.withLock { state in
            var writer = JSONWriter()
            for (id, delivery) in state.ledger.deliveries {
                writer.beginObject()
                writer.key("msg_id")
                writer.string(id)
                writer.key("device")
                writer.string(delivery.device)
                writer.key("seq")
                writer.integer(delivery.seq)
                writer.key("count")
                writer.integer(delivery.count)
                writer.key("differing")
                writer.integer(delivery.differing)
                writer.key("position")
                writer.integer(delivery.position)
                writer.endObject()
                writer.newline()
            }
            return writer.bytes
        }
    }

    private func summary() -> [UInt8] {
        state.withLock { state in
            var writer = JSONWriter()
            writer.beginObject()
            let ledger = state.ledger
            let counts = [
                ("messages", ledger.deliveries.count), ("accepted", ledger.accepted), ("repeats", ledger.repeats),
                ("differing", ledger.differing), ("refused", ledger.refused), ("limited", ledger.limited),
                ("devices", state.registry.count), ("heartbeats", ledger.heartbeats.values.reduce(0, +)),
            ]
            for (name, count) in counts {
                writer.key(name)
                writer.integer(count)
            }
            writer.endObject()
            return writer.bytes
        }
    }
}
