internal import GatewayModel
internal import NATS

/// Publishing what waits, and what the answers do to it.
extension NATSPush {
    /// What the headers of a message come to at most, beside its id.
    private static var headerByteCount: Int { 160 }

    func publishWaiting() {
        guard let connection else { return }
        let now = now
        // Until something has been taken again after a failure, one message is tried.
        while let line = chain.next(onlyOne: !link.isFlowing, isBlocked: { isTooLargeForNow($0, connection) }) {
            let item = lines[line][chain.underWay(line)]
            guard !isTooLarge(item, connection) else {
                let limit = connection.messageSizeMax
                guard condemn(line, "larger than the server takes (\(limit) bytes with headers)") else { return }
                continue
            }
            do throws(NATSError) {
                let token = try connection.publish(
                    item.bytes, to: lines[line].subject, id: lines[line].id(of: item),
                    expecting: chain.expectation(line))
                chain.sent(line, token: token, byteCount: item.bytes.count, at: now)
                lines[line].published(item)
                status.attempts += 1
            } catch {
                return disconnect(error.detail, now)
            }
        }
    }

    /// A record that cannot be published waits for those before it, and then is put aside.
    private func isTooLargeForNow(_ line: Int, _ connection: NATSConnection) -> Bool {
        let underWay = chain.underWay(line)
        return underWay > 0 && isTooLarge(lines[line][underWay], connection)
    }

    private func isTooLarge(_ item: DeliveryItem, _ connection: NATSConnection) -> Bool {
        item.bytes.count + item.identity.count + Self.headerByteCount > connection.messageSizeMax
    }

    func takeEvents() {
        guard let connection else { return }
        for event in connection.events() {
            // An earlier event may have ended the connection.
            guard self.connection === connection else { return }
            take(event)
        }
    }

    private func take(_ event: NATSEvent) {
        switch event {
        case .stored(let token, let sequence, let isDuplicate):
            if isDuplicate { tookForDuplicate(token) } else { stored(token, sequence) }
        case .refused(let token, let code, let text): refused(token, code, text)
        case .forbidden(let text):
            disconnect(text, now)
            link.holdBack(text, now)
        case .closed(let reason): disconnect(reason, now)
        }
    }

    private func stored(_ token: UInt, _ sequence: UInt64) {
        switch chain.stored(token, sequence: sequence) {
        case .ignored: break
        case .lost: readAgain()
        case .advanced(let advanced):
            for (line, count) in advanced {
                lines[line].finish(count)
                status.sent += count
            }
            let time = owner.clock.now()
            status.lastAck = time.wall
            worked(time.monotonicMilliseconds)
        }
    }

    /// The server remembers the id: the message is stored, or it was refused or dropped when it came before. Only the
    /// stream itself can tell (nats-server up to 2.10.25 remembers ids of what it has never stored).
    private func tookForDuplicate(_ token: UInt) {
        guard let line = chain.line(of: token) else { return }
        if chain.isFirst(token) { lines[line].wasTakenForDuplicate(lines[line][0].seq) }
        readAgain()
    }

    private func refused(_ token: UInt, _ code: Int, _ text: String) {
        guard let line = chain.line(of: token) else { return }
        let isFirst = chain.isFirst(token)
        readAgain()
        switch JetStreamJudgement(code: code, text: text, stream: owner.configuration.stream.name) {
        case .readAgain: break
        case .retry(let reason): link.pause(reason, nil, now)
        case .hold(let reason): link.holdBack(reason, now)
        case .condemn(let reason): if isFirst { _ = condemn(line, reason) }
        }
    }

    /// Nothing of what is under way can be relied upon.
    private func readAgain() {
        chain.forget()
        mustRead = true
    }

    /// Puts the first record of the line aside, for ever; whether that could be stored.
    private func condemn(_ line: Int, _ reason: String) -> Bool {
        let item = lines[line][0]
        do {
            try lines[line].source.refuse(item.seq, item.identityText, 413, reason)
        } catch {
            journalTrouble = "a refused record cannot be stored: \(error)"
            link.pause("the journal cannot be written", nil, now)
            return false
        }
        journalTrouble = nil
        status.refused += 1
        chain.drop(1, of: line)
        lines[line].finish(1)
        return true
    }
}
