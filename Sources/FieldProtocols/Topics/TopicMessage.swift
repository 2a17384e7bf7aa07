public import GatewayModel
internal import JSONText

/// One MQTT message as a topic family gets it. Borrowed: the bytes are gone when the family returns.
public struct TopicMessage {
    /// Levels of a topic that can be told apart; deeper topics keep the rest in the last.
    public static let levelCountMax = 8

    /// Untrusted bytes, not known to be UTF-8.
    public let topic: UnsafeBufferPointer<UInt8>
    public let payload: UnsafeRawBufferPointer
    /// Whether the broker kept it and sends it to a new subscriber: it describes an earlier moment.
    public let isRetained: Bool
    public let received: ReceiveTime
    /// Its `PayloadHash`.
    let topicHash: UInt64
    /// Nil for a message that comes from the memory of a family.
    let number: TopicNumbers.Number?
    /// 1 to `levelCountMax`.
    public let levelCount: Int
    private let ends: SIMD8<UInt16>
    private let parser: JSONParser

    init(
        topic: UnsafeBufferPointer<UInt8>, hash: UInt64, number: TopicNumbers.Number?, payload: UnsafeRawBufferPointer,
        isRetained: Bool, received: ReceiveTime, parser: JSONParser
    ) {
        topicHash = hash
        self.number = number
        self.parser = parser
        self.topic = topic
        self.payload = payload
        self.isRetained = isRetained
        self.received = received
        var ends = SIMD8<UInt16>(repeating: 0)
        var count = 0
        for index in topic.indices where topic[index] == UInt8(ascii: "/") {
            guard count < Self.levelCountMax - 1 else { break }
            ends[count] = UInt16(clamping: index)
            count += 1
        }
        ends[count] = UInt16(clamping: topic.count)
        self.ends = ends
        levelCount = count + 1
    }

    /// The bytes of one level; empty if there is none of this number.
    public func level(_ number: Int) -> UnsafeBufferPointer<UInt8> {
        guard number >= 0, number < levelCount else { return UnsafeBufferPointer(start: nil, count: 0) }
        let start = number == 0 ? 0 : Int(ends[number - 1]) + 1
        let end = Int(ends[number])
        guard start <= end, end <= topic.count else { return UnsafeBufferPointer(start: nil, count: 0) }
        return UnsafeBufferPointer(rebasing: topic[start..<end])
    }

    /// Whether the level of this number is `word`.
    public func level(_ number: Int, is word: StaticString) -> Bool {
        ScalarText.isExactly(level(number), word)
    }

    /// A retained message that came earlier, at the time of this one.
    func about(_ topic: UnsafeBufferPointer<UInt8>, _ payload: UnsafeRawBufferPointer) -> TopicMessage {
        TopicMessage(
            topic: topic, hash: PayloadHash.of(UnsafeRawBufferPointer(topic)), number: nil, payload: payload,
            isRetained: true, received: received, parser: parser)
    }

    /// The payload as plain text.
    var text: UnsafeBufferPointer<UInt8> { payload.bindMemory(to: UInt8.self) }

    /// The payload as JSON; valid until the next one is parsed.
    func json() throws(RejectReason) -> JSONValue {
        do throws(JSONError) { return try parser.parse(payload) } catch { throw RejectReason(error) }
    }

    /// What its values are worth: retained ones are old.
    public var quality: Quality { isRetained ? .old : .ok }

    /// An observation of `device` with what the message says of itself; readings and times are the family's.
    public func observation(of device: DeviceName) -> Observation {
        var observation = Observation(device: device, received: received, source: .mqtt)
        if isRetained { observation.flags.insert(.retained) }
        observation.payloadHash = PayloadHash.of(payload)
        return observation
    }
}
