public import FieldProtocols
public import GatewayModel

/// Makes readings and notes of MQTT messages: `TopicDecoder`. Pure: no input or output, no clock.
public protocol MessageDecoder: SendableMetatype {
    /// Decodes one message; what is to be stored is appended to `batch`. The bytes are gone after the call.
    mutating func decode(
        topic: UnsafeBufferPointer<UInt8>, payload: UnsafeRawBufferPointer, retained: Bool, received: ReceiveTime,
        into batch: inout ObservationBatch
    ) -> Verdict

    /// Why values of the message decoded last were left out although the rest was taken; nil if none were.
    var dropped: RejectReason? { get }

    /// The negative ack of the message decoded last, if it was rejected and its device can use one.
    var refusal: ReplayAck? { get }

    /// What is to be done because of the messages decoded since the last call, after they are durable; nil if nothing.
    mutating func takeEffects() -> TopicEffects?

    /// A connection to the broker has begun. `isResumed`: the broker still had the session.
    mutating func begin(isResumed: Bool, at now: ReceiveTime)
}

extension MessageDecoder {
    /// As the protocol says: there are none.
    public mutating func takeEffects() -> TopicEffects? { nil }
    /// As the protocol says: nothing depends on it.
    public mutating func begin(isResumed: Bool, at now: ReceiveTime) {}
}

extension TopicDecoder: MessageDecoder {}

/// What a device said that is neither a reading nor a note.
public enum DeviceWord: Sendable, Equatable {
    case presence(DeviceName, DevicePresence, ReceiveTime)
    /// The answer to a command of ours.
    case answer(DeviceName, CommandAnswer, ReceiveTime)
}
