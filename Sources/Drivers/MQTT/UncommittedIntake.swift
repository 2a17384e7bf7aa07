package import FieldProtocols
package import GatewayModel
package import Journal
package import MQTT

/// What the intake has read and may not acknowledge yet, and when it is to be made durable. Pure: times and the journal
/// come in with each call.
package struct UncommittedIntake<Decoder: MessageDecoder> {
    private let settings: IntakeSettings
    private var batch: IntakeBatch<Decoder>
    /// Told to the journal with the first that is stored of a connection.
    private var sessionStart: SessionStart?
    private var committedAt: Int64 = 0

    package init(_ settings: IntakeSettings, decoder: Decoder) {
        self.settings = settings
        batch = IntakeBatch(decoder: decoder)
    }

    /// Whether everything that was read is durable: only then may acknowledgements leave.
    package var isEmpty: Bool { batch.isEmpty }
    package var messageCount: Int { batch.messageCount }

    /// A connection has begun; `resumed`: the broker still had our session and repeats what was not acknowledged.
    /// What is to be published because of that.
    package mutating func begin(resumed: Bool, at now: ReceiveTime) -> [TopicPublication] {
        sessionStart = resumed ? .resumed(underWayMax: settings.receiveMaximum) : .fresh
        return batch.begin(resumed: resumed, at: now)
    }

    package mutating func add(_ message: MQTTMessage, received: ReceiveTime) { batch.add(message, received: received) }

    /// Whether it must not grow.
    package var isFull: Bool {
        batch.messageCount >= settings.batchMax || batch.byteCount >= settings.byteCountMax
            || batch.age >= settings.burst.milliseconds
    }

    /// Whether it has waited long enough; `now` in milliseconds of the monotonic clock.
    package func isDue(now: Int64) -> Bool { !batch.isEmpty && (isFull || now >= dueAt) }

    /// When it is to be committed: at once after a quiet time, else one linger after the last commit began, so that
    /// there are no more commits a second than with waiting each time, but a lone message does not wait.
    package var dueAt: Int64 { max(batch.openedAt, committedAt + settings.linger.milliseconds) }

    /// Makes everything durable with `store`, hands it to `passOn` and forgets it. If `store` throws, all of it is kept for
    /// another attempt.
    package mutating func commit(
        now: Int64, store: (ObservationBatch, SessionStart?) throws -> AppendReceipt,
        passOn: (IntakeBatch<Decoder>, AppendReceipt) -> Void
    ) throws {
        guard !batch.isEmpty else { return }
        committedAt = now
        batch.condition(settings.condition)
        var receipt = AppendReceipt(outcomes: [], stored: 0, duplicates: 0)
        if !batch.observations.isEmpty { receipt = try store(batch.observations, sessionStart) }
        if !batch.observations.isEmpty { sessionStart = nil }
        passOn(batch, receipt)
        batch.removeAll()
    }
}
