internal import EventLoop
internal import GatewayModel
internal import JSONText

/// Counts rejected messages by reason and makes notes of some of them: enough to see what is wrong, however many come.
struct RejectLedger {
    /// A decoder has some dozens of reasons; what lies beyond is counted as `other`.
    private static let reasonMax = 64
    private static let topicBytesMax = 256
    private static let sampleBytesMax = 64

    enum Kind: String {
        /// Nothing of the message was taken. It is acknowledged all the same: it would not become better by coming again.
        case messageRejected = "message_rejected"
        /// Some values of it were not taken.
        case valuesDropped = "values_dropped"
    }

    /// Messages of which nothing was taken.
    private(set) var rejected: [String: Int] = [:]
    /// Messages of which some values were not taken.
    private(set) var mutilated: [String: Int] = [:]
    private var limits: [String: RateLimit] = [:]

    /// Counts one message; a note of it if this reason was not noted too often lately.
    mutating func enter(
        _ kind: Kind, reason wanted: String, topic: UnsafeBufferPointer<UInt8>, payload: UnsafeRawBufferPointer,
        at time: ReceiveTime
    ) -> Note? {
        let key = "\(kind.rawValue) \(wanted)"
        let reason = limits[key] != nil || limits.count < Self.reasonMax ? wanted : "other"
        switch kind {
        case .messageRejected: rejected[reason, default: 0] += 1
        case .valuesDropped: mutilated[reason, default: 0] += 1
        }
        var limit = limits[key] ?? RateLimit(burst: 5, every: .seconds(60))
        let suppressed = limit.take(now: time.monotonicMilliseconds)
        if reason == wanted { limits[key] = limit }
        guard let suppressed else { return nil }
        return Note(
            .events, kind: kind.rawValue,
            body: Self.body(reason: reason, topic: topic, payload: payload, suppressed: suppressed), received: time)
    }

    private static func body(
        reason: String, topic: UnsafeBufferPointer<UInt8>, payload: UnsafeRawBufferPointer, suppressed: Int
    ) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("reason")
        writer.string(reason)
        writer.key("topic")
        // Damaged characters at the cut are replaced.
        writer.string(String(decoding: topic.prefix(topicBytesMax), as: UTF8.self))
        writer.key("bytes")
        writer.integer(Int64(payload.count))
        writer.key("sample_hex")
        writer.string(hex(payload.prefix(sampleBytesMax)))
        if suppressed > 0 {
            writer.key("suppressed")
            writer.integer(Int64(suppressed))
        }
        writer.endObject()
        return writer.text
    }

    private static func hex(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
