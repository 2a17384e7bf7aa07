internal import EventLoop
package import FieldProtocols
package import GatewayModel
internal import MQTT

/// What was read from the broker since the last commit: decoded, not durable, not acknowledged.
package struct IntakeBatch<Decoder: MessageDecoder> {
    package private(set) var observations = ObservationBatch()
    package private(set) var acks: [ReplayAck] = []
    package private(set) var words: [DeviceWord] = []
    /// What topic families want published and subscribed.
    package private(set) var publications: [TopicPublication] = []
    package private(set) var subscriptions: [SubscriptionChange] = []
    /// Messages since the last commit, however they fared, and their payload bytes.
    package private(set) var messageCount = 0
    private(set) var byteCount = 0
    /// When the first of them arrived, on the monotonic clock.
    private(set) var openedAt: Int64 = 0
    /// Milliseconds between the arrival of its first and its last message.
    private(set) var age: Int64 = 0
    private(set) var rejects = RejectLedger()
    private var decoder: Decoder

    init(decoder: Decoder) { self.decoder = decoder }

    var isEmpty: Bool { messageCount == 0 }

    mutating func add(_ message: MQTTMessage, received: ReceiveTime) {
        if messageCount == 0 { openedAt = received.monotonicMilliseconds }
        age = received.monotonicMilliseconds - openedAt
        messageCount += 1
        byteCount += message.payload.count
        let (noteCount, observationCount) = (observations.notes.count, observations.observations.count)
        defer {
            if observations.notes.count > noteCount { identifyNotes(from: noteCount, message) }
            if message.isRedelivered { observations.markRedelivered(from: observationCount) }
        }
        let verdict = decoder.decode(
            topic: message.topic, payload: message.payload, retained: message.retained, received: received,
            into: &observations)
        switch verdict {
        case .observation(_, let ack):
            if let ack { acks.append(ack) }
            if let reason = decoder.dropped { note(.valuesDropped, reason.name, message, received) }
        case .note: break
        case .taken: if let reason = decoder.dropped { note(.valuesDropped, reason.name, message, received) }
        case .presence(let device, let presence): words.append(.presence(device, presence, received))
        case .commandAck(let device, let answer): words.append(.answer(device, answer, received))
        case .rejected(let reason, _):
            if let ack = decoder.refusal { acks.append(ack) }
            note(.messageRejected, reason.name, message, received)
        case .unclaimed: note(.messageRejected, "unclaimed_topic", message, received)
        }
        if let effects = decoder.takeEffects() { add(effects, received) }
    }

    /// A connection has begun; `resumed`: the broker still had the session. What families want published because of that,
    /// which waits for no commit.
    mutating func begin(resumed: Bool, at now: ReceiveTime) -> [TopicPublication] {
        decoder.begin(isResumed: resumed, at: now)
        return decoder.takeEffects()?.publications ?? []
    }

    private mutating func add(_ effects: TopicEffects, _ received: ReceiveTime) {
        publications += effects.publications
        subscriptions += effects.subscriptions.map { .subscribe($0) } + effects.unsubscriptions.map { .unsubscribe($0) }
        words += effects.words.map { .presence($0.device, $0.presence, received) }
    }

    private mutating func note(
        _ kind: RejectLedger.Kind, _ reason: String, _ message: MQTTMessage, _ received: ReceiveTime
    ) {
        let note = rejects.enter(kind, reason: reason, topic: message.topic, payload: message.payload, at: received)
        if let note { observations.append(note) }
    }

    private mutating func identifyNotes(from index: Int, _ message: MQTTMessage) {
        let hash = PayloadHash.of(UnsafeRawBufferPointer(message.topic)).byteSwapped ^ PayloadHash.of(message.payload)
        observations.identifyNotes(from: index, by: hash, isRedelivered: message.isRedelivered)
    }

    /// Lets `body` change what was decoded.
    mutating func condition(_ body: (inout ObservationBatch) -> Void) { body(&observations) }

    /// Everything in it is durable and passed on.
    mutating func removeAll() {
        observations.removeAll()
        acks.removeAll(keepingCapacity: true)
        words.removeAll(keepingCapacity: true)
        publications.removeAll()
        subscriptions.removeAll()
        messageCount = 0
        byteCount = 0
        age = 0
    }
}
