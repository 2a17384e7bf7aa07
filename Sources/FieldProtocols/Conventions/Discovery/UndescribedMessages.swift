public import GatewayModel
internal import Crypto
internal import JSONText

/// Keeps what comes on topics that a discovery message of an earlier run has named, before this run has heard it again: the
/// broker sends what waited in the session first, and retained messages after. Asked last.
public struct UndescribedMessages: TopicFamily {
    /// How long after the start, in milliseconds, and how much.
    private static let span: Int64 = 60_000
    private static let countMax = 10_000
    private static let byteCountMax = 4_096

    private var startedAt: Int64?
    private var isResumed = false
    private var count = 0

    /// A family that has heard nothing yet.
    public init() {}

    /// None of its own.
    public var filters: [TopicFilter] { [] }

    /// As the protocol says.
    public mutating func begin(isResumed: Bool, at now: ReceiveTime, effects: inout TopicEffects) {
        guard startedAt == nil else { return }
        startedAt = now.monotonicMilliseconds
        self.isResumed = isResumed
    }

    /// As the protocol says.
    public mutating func decode(
        _ message: TopicMessage, into batch: inout ObservationBatch, effects: inout TopicEffects
    ) throws(RejectReason) -> Verdict? {
        guard isResumed, let startedAt, message.received.monotonicMilliseconds - startedAt <= Self.span,
            !message.isRetained, count < Self.countMax, message.payload.count <= Self.byteCountMax
        else { return .unclaimed }
        count += 1
        let body: JSON = [
            "topic": .string(String(decoding: message.topic.prefix(512), as: UTF8.self)),
            "payload_hex": .string(Hex.encode(message.payload)),
        ]
        batch.append(Note(.events, kind: "undescribed_message", body: body.text, received: message.received))
        return .note
    }
}
