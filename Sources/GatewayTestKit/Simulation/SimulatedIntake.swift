internal import Drivers
internal import FieldProtocols
internal import GatewayModel
internal import Journal
internal import MQTT

/// The intake of one life of the gateway: the real decisions, the real decoder, a simulated connection.
struct SimulatedIntake {
    private var uncommitted: UncommittedIntake<TopicDecoder>
    /// The connection it has; nil while there is none.
    private(set) var connection: Int?
    /// Packets whose acknowledgement is queued and must not leave before the commit.
    private var unreleased: [Int] = []
    /// The journal has refused what was read: it is tried again before anything else is read.
    private(set) var isHeld = false
    private let bug: PlantedBug?

    init(_ plan: SimulationPlan, bug: PlantedBug?) {
        var settings = IntakeSettings(gateway: SimulatedGateway.id)
        settings.receiveMaximum = plan.receiveMaximum
        settings.batchMax = plan.batchMax
        uncommitted = UncommittedIntake(settings, decoder: TopicDecoder(keys: { _ in nil }))
        self.bug = bug
    }

    /// When something is to be done although nothing arrives.
    func dueAt(now: Int64) -> Int64? {
        guard !uncommitted.isEmpty else { return nil }
        return isHeld ? now + 500 : uncommitted.dueAt
    }

    mutating func connected(_ connection: Int, resumed: Bool) {
        self.connection = connection
        unreleased = []
        // No topic families are at work here, so the time is not looked at.
        let time = ReceiveTime(wall: Timestamp(milliseconds: 0, trusted: false), monotonicMilliseconds: 0)
        _ = uncommitted.begin(resumed: resumed, at: time)
    }

    mutating func disconnected() {
        connection = nil
        unreleased = []
    }

    /// Whether a connection may begin: what an earlier one has brought is durable.
    var mayConnect: Bool { connection == nil && uncommitted.isEmpty }

    var hasRoom: Bool { !isHeld && !uncommitted.isFull }

    mutating func read(_ packet: SimulatedBroker.Packet, _ message: SimulatedMessage, at time: ReceiveTime) {
        unreleased.append(packet.id)
        var topic = message.topic
        topic.withUTF8 { topic in
            message.payload.withUnsafeBytes { payload in
                uncommitted.add(
                    MQTTMessage(
                        topic: topic, payload: payload, qos: 1, retained: false, isRedelivered: packet.isRepeated),
                    received: time)
            }
        }
    }

    /// Commits if it is time to; the messages to be confirmed to their devices.
    mutating func commitIfDue(_ journal: Journal, now: Int64) throws(JournalError) -> [String] {
        // Without a connection at once, as the real loop does before it connects again.
        let isWaitedFor = isHeld || connection == nil
        guard isWaitedFor ? !uncommitted.isEmpty : uncommitted.isDue(now: now) else { return [] }
        return try commit(journal, now: now)
    }

    mutating func commit(_ journal: Journal, now: Int64) throws(JournalError) -> [String] {
        var confirmed: [String] = []
        let bug = bug
        do {
            try uncommitted.commit(now: now) { batch, start in
                guard bug == .storesDuplicates else { return try journal.append(batch, sessionStart: start) }
                return try journal.append(batch.withoutIdentity(at: now), sessionStart: nil)
            } passOn: { batch, _ in
                confirmed = batch.acks.map(\.messageID)
            }
        } catch let error as JournalError {
            isHeld = true
            throw error
        } catch { preconditionFailure("the journal throws its own errors") }
        isHeld = false
        return confirmed
    }

    /// The acknowledgements that may leave.
    mutating func release() -> [Int] {
        guard uncommitted.isEmpty || bug == .acknowledgesBeforeCommit else { return [] }
        defer { unreleased = [] }
        return unreleased
    }
}

extension ObservationBatch {
    /// As if no message could be told from another.
    fileprivate func withoutIdentity(at now: Int64) -> ObservationBatch {
        var copy = ObservationBatch()
        for observation in observations {
            for reading in readings[observation.readings] { copy.append(reading) }
            var changed = observation
            changed.payloadHash ^= UInt64(bitPattern: now)
            let id = Array(bytes[observation.messageID])
            id.withUnsafeBufferPointer { copy.append(changed, messageID: $0) }
        }
        return copy
    }
}
