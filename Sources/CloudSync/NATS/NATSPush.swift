internal import EventLoop
internal import GatewayModel
internal import NATS

/// The loop of a NATS destination. Confined to the destination's thread, which alone touches the connection.
final class NATSPush {
    let owner: NATSDestination
    let reader: DeliveryReader
    var lines: [SubjectLine]
    var chain: PublishChain
    var link: PushLink
    var connection: NATSConnection?
    var connectedAt = Int64.min
    /// Whether what is stored has to be read before anything is published.
    var mustRead = true
    /// Reads in a row that were needed although nothing was stored between them.
    var readsInRow = 0
    var nextServer = 0
    var status: DestinationStatus
    var hasWorked = false
    /// Why the journal could not be read or written, while it cannot.
    var journalTrouble: String?
    private var saveAt = Int64.min
    private var publishAt = Int64.min
    private var readAt = Int64.min

    /// How often the status is published while nothing but numbers changes, in milliseconds.
    private static let publishInterval: Int64 = 100

    init(_ owner: NATSDestination) throws {
        self.owner = owner
        let configuration = owner.configuration
        lines = owner.sources.map {
            SubjectLine(
                $0, subject: PublishedSubject.name(gateway: configuration.gatewayID, stream: $0.stream))
        }
        chain = PublishChain(lineCount: lines.count, depthMax: configuration.depthMax)
        link = PushLink(configuration.push, seed: owner.seed)
        nextServer = Int(truncatingIfNeeded: owner.seed % UInt64(configuration.servers.count))
        status = owner.status
        reader = try DeliveryReader(
            configuration.name, gateway: configuration.gatewayID, owner.sources,
            RecordLine(gateway: configuration.gatewayID, epoch: configuration.epoch)
        ) { [signals = owner.signals] in signals.wakeup.wake() }
    }

    var now: Int64 { owner.clock.now().monotonicMilliseconds }

    func run(_ stop: StopFlag) throws {
        let signals = owner.signals
        let subscriptions = owner.sources.enumerated().map { index, source in
            source.onAppend { signals.appended(stream: index) }
        }
        var stopAt: Int64?
        while true {
            let now = now
            if stop.isSet, stopAt == nil { stopAt = now + owner.configuration.push.stopLimit }
            takeSignals(now)
            while let (line, page) = reader.take() { takeIn(page, line, now) }
            takeEvents()
            if stopAt == nil { proceed(stop) }
            save(now, isLast: stopAt != nil)
            report(now)
            if let stopAt, chain.isEmpty || connection == nil || now >= stopAt { break }
            signals.wakeup.wait(timeout: timeout(stopAt))
        }
        withExtendedLifetime(subscriptions) {}
        connection = nil
        save(now, isLast: true)
        status.state = .stopped
        owner.publish(status)
    }

    private func takeSignals(_ now: Int64) {
        let grown = owner.signals.takeGrown()
        for index in lines.indices where grown & (1 << UInt32(index)) != 0 {
            if lines[index].isReading { lines[index].hasGrown = true } else { lines[index].mayHaveMore = true }
        }
        if owner.signals.takeFlush() {
            link.flush()
            readAt = now
        }
    }

    private func takeIn(_ page: Result<DeliveryReader.Page, any Error>, _ line: Int, _ now: Int64) {
        switch page {
        case .success(let page):
            chain.append(lines[line].take(page), to: line)
            journalTrouble = nil
        case .failure(let error):
            lines[line].isReading = false
            lines[line].hasLooked = true
            lines[line].mayHaveMore = true
            readAt = now + 1_000
            journalTrouble = "the journal cannot be read: \(error)"
        }
    }

    /// Connects, reads what is stored, publishes, reads ahead: whatever can be done now.
    private func proceed(_ stop: StopFlag) {
        link.look(now)
        if let oldest = chain.oldestSentAt, now - oldest >= owner.configuration.answerTimeout {
            disconnect("what was published is not answered", now)
        }
        if !isWaiting, connection == nil { connect(stop) }
        // What waits says which of the stored messages matter.
        if !isWaiting, connection != nil, mustRead, lines.allSatisfy(\.hasLooked) { readStored(stop) }
        if !isWaiting, connection != nil, !mustRead { publishWaiting() }
        for index in lines.indices where wantsPage(index) && now >= readAt {
            lines[index].isReading = true
            reader.ask(index, after: lines[index].readTo, limit: owner.configuration.push.pageRecords)
        }
        if !isWaiting, connection != nil, !mustRead, chain.isEmpty, lines.allSatisfy(\.isAtRest) { worked(now) }
    }

    var isWaiting: Bool { if case .waiting = link.state { true } else { false } }

    private func wantsPage(_ line: Int) -> Bool {
        let push = owner.configuration.push
        return lines[line].mayHaveMore && !lines[line].isReading && lines[line].count <= push.windowRecordsMax / 2
    }

    /// The servers take what we send.
    func worked(_ now: Int64) {
        link.worked(true, now)
        hasWorked = true
        readsInRow = 0
    }

    private func save(_ now: Int64, isLast: Bool) {
        guard lines.contains(where: \.isDirty), isLast || now >= saveAt else { return }
        saveAt = now + owner.configuration.push.saveInterval
        for index in lines.indices where lines[index].isDirty {
            do {
                try lines[index].source.acknowledge(lines[index].finishedTo)
                lines[index].savedTo = lines[index].finishedTo
                journalTrouble = nil
            } catch {
                saveAt = now + 1_000
                journalTrouble = "the cursor cannot be stored: \(error)"
            }
        }
    }

    /// Until the earliest moment at which something has to be done although nothing happens.
    private func timeout(_ stopAt: Int64?) -> Duration {
        let now = now
        var at = min(now + 60_000, stopAt ?? .max)
        if stopAt == nil, case .waiting(let until) = link.state { at = min(at, until) }
        if let oldest = chain.oldestSentAt { at = min(at, oldest + owner.configuration.answerTimeout) }
        if lines.contains(where: \.isDirty) { at = min(at, saveAt) }
        if stopAt == nil, lines.indices.contains(where: wantsPage) { at = min(at, readAt) }
        if isStatusStale { at = min(at, publishAt) }
        return .milliseconds(max(0, at - now))
    }

    private var isStatusStale: Bool {
        status.inFlight != chain.underWayCount
            || lines.indices.contains { lines[$0].finishedTo != status.streams[$0].acknowledged }
    }

    private func report(_ now: Int64) {
        let state = link.cause.state(hasWorked: hasWorked, journalTrouble)
        guard state != (status.state, status.reason) || (isStatusStale && now >= publishAt) else { return }
        publishAt = now + Self.publishInterval
        (status.state, status.reason) = state
        status.inFlight = chain.underWayCount
        for index in lines.indices { status.streams[index].acknowledged = lines[index].finishedTo }
        status.acknowledged = lines.last?.finishedTo ?? .zero
        owner.publish(status)
    }

}
