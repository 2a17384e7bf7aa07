public import FieldProtocols
public import GatewayModel

/// Makes readings and notes of MQTT messages. Pure: no input or output, no clock.
public protocol MessageDecoder: SendableMetatype {
    /// What a message says that is neither a reading nor a note: presence, the answer to a command.
    associatedtype Word: Sendable

    /// Decodes one message; what is to be stored is appended to `batch`. The bytes are gone after the call.
    mutating func decode(
        topic: UnsafeBufferPointer<UInt8>, payload: UnsafeRawBufferPointer, retained: Bool, received: ReceiveTime,
        into batch: inout ObservationBatch
    ) -> MessageVerdict<Word>
}

/// What became of one message.
public enum MessageVerdict<Word: Sendable>: Sendable {
    /// Its readings or notes stand in the batch. `ack` is published once they are durable.
    case stored(ack: ReplayAck?)
    /// Passed on once everything before it is durable.
    case word(Word)
    /// Nothing of ours, such as what we published ourselves.
    case ignored
    /// Unusable for a stable snake_case `reason`: counted, noted and acknowledged, since it would not become better by
    /// being sent again. `ack` tells a device that waits for it.
    case rejected(reason: String, ack: ReplayAck? = nil)
}
