internal import EventLoop
internal import GatewayModel
internal import NATS

/// Getting a connection, losing it, and finding out what is stored.
extension NATSPush {
    /// A connection that lasted this long (milliseconds) is worth a new one at once.
    private static var connectionLifeMin: Int64 { 1_000 }
    /// Reads in a row after which something must be wrong.
    private static var readsInRowMax: Int { 8 }
    /// Sequences that are looked through at a time.
    private static var stretch: UInt64 { 8_192 }

    /// Tries each server once.
    func connect(_ stop: StopFlag) {
        var held: String?
        var reason = ""
        for _ in owner.configuration.servers where !stop.isSet {
            let address = owner.configuration.servers[nextServer]
            nextServer = (nextServer + 1) % owner.configuration.servers.count
            do throws(NATSError) {
                let signals = owner.signals
                connection = try NATSConnection(
                    owner.configuration.client, address: address, domain: owner.configuration.domain
                ) { signals.wakeup.wake() }
                connectedAt = now
                mustRead = true
                return
            } catch {
                reason = "\(address): \(error.detail)"
                if case .hold = JetStreamJudgement(error, stream: "") { held = reason }
            }
        }
        guard !stop.isSet else { return }
        if let held { link.holdBack(held, now) } else { link.missed(reason, now) }
    }

    /// Gives the connection up. What was under way may be stored or not: that is read before anything else.
    func disconnect(_ reason: String, _ now: Int64) {
        let lasted = now - connectedAt
        connection = nil
        chain.forget()
        mustRead = true
        if lasted < Self.connectionLifeMin || !hasWorked { link.pause(reason, nil, now) }
    }

    /// Reads the last message of each subject, moves the cursors to it, and begins the chain behind it.
    func readStored(_ stop: StopFlag) {
        guard let connection else { return }
        chain.forget()
        do throws(NATSError) {
            // The stream's end first: what is stored between the two questions makes the chain's first message fail, the
            // other way round it would be stored twice.
            guard let stream = try stream(connection) else { return }
            let isOurs = stream.subjects.allSatisfy(ownSubjects.contains)
            var ends: [SubjectEnd] = []
            for index in lines.indices {
                guard let end = try end(of: lines[index], in: stream, isOurs: isOurs, connection) else { return }
                ends.append(end)
                try lookBack(from: end, of: index, in: stream.name, connection, stop)
            }
            guard !stop.isSet else { return }
            chain.begin(
                lastOfStream: stream.lastSequence, lastOfSubjects: ends.map(\.sequence),
                isExclusive: isOurs && readsInRow < Self.readsInRowMax / 2)
            for (index, end) in ends.enumerated() {
                let epoch = owner.configuration.epoch
                let behind = lines[index].know(
                    end.last, tail: end.tail, isContinued: end.isContinued, ownEpoch: epoch)
                chain.drop(behind, of: index)
                if !lines[index].storedAhead.isEmpty { tellOfHoles(index) }
            }
            readsInRow += 1
            mustRead = false
            if readsInRow > Self.readsInRowMax {
                mustRead = true
                link.pause("the stream \(stream.name) keeps changing under us", nil, now)
            }
        } catch {
            failed(JetStreamJudgement(error, stream: owner.configuration.stream.name), error)
        }
    }

    private func stream(_ connection: NATSConnection) throws(NATSError) -> StreamDescription? {
        let plan = owner.configuration.stream
        var found = try connection.stream(plan.name)
        if found == nil, owner.configuration.createsStream { found = try connection.create(plan) }
        guard let found else {
            link.holdBack("the stream \(plan.name) does not exist", now)
            return nil
        }
        for line in lines where !found.subjects.contains(where: { PublishedSubject.matches($0, line.subject) }) {
            link.holdBack("the stream \(plan.name) does not take the subject \(line.subject)", now)
            return nil
        }
        return found
    }

    /// How a subject ends.
    private struct SubjectEnd {
        /// The last message; nil and 0 if there is none.
        var last: PublishedID?
        var sequence: UInt64 = 0
        /// The last messages, if there can be holes among them.
        var tail: [PublishedID] = []
        /// Whether the tail begins where what we know ends.
        var isContinued = false
    }

    private var ownSubjects: Set<String> {
        Set(StreamName.allCases.map { PublishedSubject.name(gateway: owner.configuration.gatewayID, stream: $0) })
    }

    /// How the subject ends; nil if somebody else writes to it, and everything is held.
    private func end(
        of line: SubjectLine, in stream: StreamDescription, isOurs: Bool, _ connection: NATSConnection
    ) throws(NATSError) -> SubjectEnd? {
        guard let last = try connection.lastMessage(of: line.subject, in: stream.name) else { return SubjectEnd() }
        var messages = [last]
        var isContinued = false
        if isOurs {
            // No more than this was ever under way.
            let reach = UInt64(2 * chain.depthMax)
            let settled = chain.settled.flatMap { $0 <= stream.lastSequence ? $0 : nil } ?? 0
            let behind = max(settled, last.sequence > reach ? last.sequence - reach : 0)
            let tail = try connection.messages(
                of: line.subject, in: stream.name, from: behind + 1, through: last.sequence)
            if !tail.isEmpty { messages = tail }
            isContinued = settled > 0 && behind == settled
        }
        let configuration = owner.configuration
        var end = SubjectEnd(sequence: last.sequence, isContinued: isContinued)
        for message in messages {
            guard let id = message.id.flatMap({ PublishedID($0) }), id.gateway == configuration.gatewayID,
                id.stream == line.source.stream
            else {
                link.holdBack(
                    "the subject \(line.subject) has a message of another writer (sequence \(message.sequence), id "
                        + "\(message.id ?? "none")): remove it, or keep that writer away", now)
                return nil
            }
            end.last = id
            if isOurs { end.tail.append(id) }
        }
        let highest = end.tail.filter { $0.epoch == configuration.epoch }.max { $0.through < $1.through }
        if let told = highest ?? end.last, let objection = line.objection(to: told, ownEpoch: configuration.epoch) {
            link.holdBack("the subject \(line.subject) \(objection)", now)
            return nil
        }
        return end
    }

    /// Finds the last message of the epoch whose records wait first, when boxes with the same past, restored from the same
    /// backup, have written behind it.
    private func lookBack(
        from end: SubjectEnd, of index: Int, in stream: String, _ connection: NATSConnection, _ stop: StopFlag
    ) throws(NATSError) {
        let ownEpoch = owner.configuration.epoch
        guard !lines[index].isKnown, let last = end.last, last.epoch != ownEpoch,
            let awaited = lines[index].awaitedEpoch(before: ownEpoch)
        else { return }
        var (epoch, first, through) = (last.epoch, end.sequence, end.sequence)
        while epoch != awaited, first > 1, !stop.isSet {
            first -= min(first - 1, Self.stretch)
            let messages = try connection.messages(of: lines[index].subject, in: stream, from: first, through: through)
            through = messages.first?.sequence ?? through
            for id in messages.compactMap({ $0.id.flatMap { PublishedID($0) } }) where id.epoch != ownEpoch {
                lines[index].cover(id)
                if id.epoch == awaited { epoch = awaited }
            }
        }
    }

    private func tellOfHoles(_ index: Int) {
        let text =
            "\(lines[index].subject): records behind \(lines[index].finishedTo) are stored late, "
            + "since somebody else has written to the stream"
        if !status.warnings.contains(text) { status.warnings = status.warnings.suffix(7) + [text] }
    }

    /// A question was not answered as it should be.
    private func failed(_ judgement: JetStreamJudgement, _ error: NATSError) {
        switch error {
        case .connectionLost, .timedOut:
            disconnect(error.detail, now)
            if !isWaiting { link.pause(error.detail, nil, now) }
            return
        default: break
        }
        switch judgement {
        case .hold(let reason), .condemn(let reason): link.holdBack(reason, now)
        case .retry(let reason): link.pause(reason, nil, now)
        case .readAgain: link.pause(error.detail, nil, now)
        }
    }
}
