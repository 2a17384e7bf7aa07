internal import JSONText

extension MASRoutes {
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
