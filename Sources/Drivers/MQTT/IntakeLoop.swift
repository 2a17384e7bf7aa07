internal import EventLoop
internal import FieldProtocols
internal import GatewayModel
internal import Glibc
internal import Journal
internal import MQTT

/// The thread of the intake: reads a burst, commits it, and only then lets the acknowledgements out.
///
/// The order is the whole point. `MQTTConnection.write()` is called in one place, `release()`, which does nothing while
/// something that was read is not durable.
final class IntakeLoop<Decoder: MessageDecoder> {
    private let intake: MQTTIntake<Decoder>
    private let stop: StopFlag
    private let settings: IntakeSettings
    private let clock: any Clock
    private let presence: GatewayPresence
    private var uncommitted: UncommittedIntake<Decoder>
    private var backoff = Backoff(initial: .milliseconds(200), max: .seconds(10), stableAfter: .seconds(30))
    private var random: Jitter
    private var requests: [Int32: [String]] = [:]
    private var keptAliveAt: Int64 = 0
    private var asked: SubscriptionList

    init(_ intake: MQTTIntake<Decoder>, decoder: Decoder, stop: StopFlag) {
        self.intake = intake
        self.stop = stop
        settings = intake.settings
        clock = intake.clock
        presence = GatewayPresence(gateway: intake.settings.gateway)
        uncommitted = UncommittedIntake(intake.settings, decoder: decoder)
        random = Jitter(seed: intake.seed)
        asked = SubscriptionList(filters: intake.settings.allFilters)
    }

    /// Works until asked to stop; every failure ends in another attempt.
    func run() {
        while !stop.isSet {
            guard let configuration = intake.address() else {
                // The private broker is not up yet; who starts it wakes us.
                _ = stop.sleep(for: .seconds(1))
                continue
            }
            do {
                try converse(configuration)
            } catch {
                intake.note(error)
            }
            intake.outbox.connectionEnded()
            if uncommitted.isEmpty { rest() } else { insist() }
        }
        intake.update { $0.state = .disconnected }
    }

    /// One connection from beginning to end. Whatever ends it, nothing uncommitted is acknowledged by that.
    private func converse(_ configuration: MQTTConfiguration) throws {
        requests.removeAll()
        var configuration = configuration
        configuration.will = presence.publication(online: false, at: clock.now().wall)
        configuration.receiveMaximum = UInt16(clamping: settings.receiveMaximum)
        intake.update { $0.broker = "\(configuration.host):\(configuration.port)" }
        let connection = try MQTTConnection(configuration) { [unowned self] message in receive(message) }
        defer { connection.destroyWithoutDisconnect() }
        do {
            try connection.connect(isCancelled: { stop.isSet })
            try serve(connection)
        } catch let error as MQTTError {
            // What has been read is worth keeping even if the broker forgets it; repetitions are recognised.
            try commit()
            throw error
        }
        try commit()
        try leave(connection)
    }

    private func serve(_ connection: MQTTConnection) throws {
        while !stop.isSet {
            wait(connection)
            try readBurst(connection)
            try attend(connection)
            if uncommitted.isDue(now: clock.now().monotonicMilliseconds) { try commit() }
            try intake.outbox.forward(to: connection, now: clock.now().monotonicMilliseconds)
            if asked.hasChanged, intake.status.isSubscribed { try asked.forward(to: connection) }
            try release(connection)
        }
    }

    /// Until there is something to do, or what was read is to be committed.
    private func wait(_ connection: MQTTConnection) {
        let now = clock.now().monotonicMilliseconds
        let timeout = uncommitted.isEmpty ? 1_000 : Int32(clamping: max(0, uncommitted.dueAt - now))
        connection.wait(with: stop, sending: uncommitted.isEmpty, milliseconds: timeout)
    }

    /// Reads while messages keep coming, up to the limits of a batch.
    private func readBurst(_ connection: MQTTConnection) throws {
        var before = -1
        while before != uncommitted.messageCount, !uncommitted.isFull {
            before = uncommitted.messageCount
            // libmosquitto takes one packet a call. One call that brings no message is enough to know that the rest is
            // not there yet, or is no message and will be looked at after the next poll.
            try connection.read()
        }
        // Also when it was no message: behind a mere PUBACK the broker holds back what it has.
        connection.acknowledgeSegments()
    }

    private func receive(_ message: MQTTMessage) {
        if message.topic.count == presence.topic.utf8.count, message.topic.elementsEqual(presence.topic.utf8) { return }
        uncommitted.add(message, received: clock.now())
    }

    /// The connection's own events, and its pings.
    private func attend(_ connection: MQTTConnection) throws {
        for event in connection.takeEvents() {
            switch event {
            case .connected(let resumed): try begin(connection, resumed: resumed)
            case .subscribed(let id, let reasons):
                // Those of topics that families asked for are not among the requests: nothing waits for them.
                if let filters = requests.removeValue(forKey: id) { try enter(filters, reasons) }
            case .published(let id, let reason): intake.outbox.settle(id, reason)
            }
        }
        let now = clock.now().monotonicMilliseconds
        if now - keptAliveAt >= 1_000 {
            keptAliveAt = now
            try connection.keepAlive()
        }
    }

    private func begin(_ connection: MQTTConnection, resumed: Bool) throws {
        intake.publish(uncommitted.begin(resumed: resumed, at: clock.now()))
        asked.connectionBegan()
        backoff.succeeded(now: clock.now().monotonicMilliseconds)
        intake.update {
            $0.state = .connected
            $0.connections += 1
            $0.refused = [:]
        }
        _ = try connection.publish(presence.publication(online: true, at: clock.now().wall))
        let filters = settings.storedFilters
        requests[try connection.subscribe(filters, retained: .onceForASession)] = filters
        let standing = settings.standingFilters
        requests[try connection.subscribe(standing, retained: .always)] = standing
    }

    /// The broker's answer to a subscription. One refused filter is shown; that none was granted is an error.
    private func enter(_ filters: [String], _ reasons: [MQTTReason]) throws {
        let refused = zip(filters, reasons).filter { $1.isFailure }
        intake.update { status in
            for (filter, reason) in refused { status.refused[filter] = reason }
        }
        guard requests.isEmpty else { return }
        let count = settings.allFilters.count
        intake.update { status in
            guard status.refused.count < count else { return }
            status.state = .subscribed
            status.lastError = nil
            status.lastErrorCode = nil
        }
        if intake.status.refused.count == count, let (filter, reason) = refused.first {
            throw MQTTError.subscriptionRefused(filter: filter, reason)
        }
        intake.tellSubscribed()
    }

    /// Makes the batch durable and passes on what waited for that. Throws `IntakeError.held` if the journal refuses.
    private func commit() throws {
        try uncommitted.commit(now: clock.now().monotonicMilliseconds) { observations, sessionStart in
            do { return try intake.commit(observations, sessionStart) } catch {
                throw IntakeError.held(String(describing: error))
            }
        } passOn: { batch, receipt in
            intake.passOn(batch, receipt)
            for change in batch.subscriptions { asked.apply(change) }
        }
    }

    /// Lets acknowledgements and publications out, unless something that was read is not durable yet.
    private func release(_ connection: MQTTConnection) throws {
        guard uncommitted.isEmpty, connection.wantsWrite else { return }
        try connection.write()
    }

    /// Says good-bye: presence, DISCONNECT. The session stays at the broker.
    private func leave(_ connection: MQTTConnection) throws {
        _ = try connection.publish(presence.publication(online: false, at: clock.now().wall))
        try connection.disconnect()
        try release(connection)
    }

    /// Waits before the next connection.
    private func rest() {
        let delay = backoff.failed(now: clock.now().monotonicMilliseconds, using: &random)
        let end = clock.now().monotonicMilliseconds + delay.milliseconds
        // Publications of others wake us as well; they have to wait with us.
        while case let left = end - clock.now().monotonicMilliseconds, left > 0 {
            guard stop.sleep(for: .milliseconds(left)) else { return }
        }
    }

    /// Tries to make durable what the journal refused, until it is or we are stopped. Only then is reading worth while
    /// again; what the broker repeats of it is recognised. The disk is ours, so nobody is hurt by trying often.
    private func insist() {
        var backoff = Backoff(initial: .milliseconds(100), max: .seconds(2))
        while !uncommitted.isEmpty {
            guard stop.sleep(for: backoff.failed(now: clock.now().monotonicMilliseconds, using: &random)) else {
                return
            }
            do { try commit() } catch { intake.note(error) }
        }
    }
}
