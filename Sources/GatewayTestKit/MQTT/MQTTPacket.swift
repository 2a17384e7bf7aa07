/// One MQTT 5 control packet as it stands on the wire, for brokers and clients that tests play by hand.
public struct MQTTPacket: Sendable, Equatable {
    /// The types of control packets, by their numbers in the standard.
    public enum Kind: UInt8, Sendable {
        case connect = 1
        case connack, publish, puback, pubrec, pubrel, pubcomp, subscribe, suback, unsubscribe, unsuback
        case pingreq, pingresp, disconnect, auth
    }

    /// The first byte: kind and flags.
    public var header: UInt8
    /// What follows the remaining length.
    public var body: [UInt8]

    public init(header: UInt8, body: [UInt8]) {
        self.header = header
        self.body = body
    }

    public init(_ kind: Kind, flags: UInt8 = 0, _ body: [UInt8] = []) {
        self.init(header: kind.rawValue << 4 | flags, body: body)
    }

    /// Nil for number 0, which is reserved.
    public var kind: Kind? { Kind(rawValue: header >> 4) }

    /// The packet identifier of an acknowledgement, a SUBSCRIBE or a QoS 1 PUBLISH.
    public var id: UInt16? {
        guard kind == .publish else { return Self.short(body, at: 0) }
        guard header & 0b110 != 0, let length = Self.short(body, at: 0) else { return nil }
        return Self.short(body, at: 2 + Int(length))
    }

    /// The topic of a PUBLISH.
    public var topic: String? {
        guard kind == .publish, let length = Self.short(body, at: 0), body.count >= 2 + Int(length) else { return nil }
        return String(decoding: body[2..<2 + Int(length)], as: UTF8.self)
    }

    /// The filters of a SUBSCRIBE without properties.
    public var filterCount: Int {
        var offset = 3
        var count = 0
        while let length = Self.short(body, at: offset) {
            offset += 2 + Int(length) + 1
            count += 1
        }
        return count
    }

    /// The packet as it is sent.
    public var bytes: [UInt8] {
        var bytes = [header]
        var length = body.count
        repeat {
            bytes.append(UInt8(length % 128) | (length >= 128 ? 0x80 : 0))
            length /= 128
        } while length > 0
        return bytes + body
    }

    /// Takes the first packet off `buffer`; nil if it is not complete yet.
    public static func take(from buffer: inout [UInt8]) -> MQTTPacket? {
        var length = 0
        var index = 1
        while true {
            guard index < buffer.count, index <= 4 else { return nil }
            length |= Int(buffer[index] & 0x7F) << (7 * (index - 1))
            index += 1
            if buffer[index - 1] & 0x80 == 0 { break }
        }
        guard buffer.count >= index + length else { return nil }
        let packet = MQTTPacket(header: buffer[0], body: Array(buffer[index..<index + length]))
        buffer.removeFirst(index + length)
        return packet
    }

    /// The broker's answers.
    public static func connack(resumed: Bool, reason: UInt8 = 0) -> MQTTPacket {
        MQTTPacket(.connack, [resumed ? 1 : 0, reason, 0])
    }

    /// Acknowledges a QoS 1 PUBLISH.
    public static func puback(_ id: UInt16) -> MQTTPacket { MQTTPacket(.puback, encoded(id)) }

    /// Agrees to each filter of a SUBSCRIBE, or refuses it.
    public static func suback(_ id: UInt16, _ reasons: [UInt8]) -> MQTTPacket {
        MQTTPacket(.suback, encoded(id) + [0] + reasons)
    }

    /// A PUBLISH of QoS 1, or of QoS 0 without `id`.
    public static func publish(
        _ topic: [UInt8], _ payload: [UInt8], id: UInt16? = nil, duplicate: Bool = false, retain: Bool = false
    ) -> MQTTPacket {
        let flags: UInt8 = (duplicate ? 8 : 0) | (id == nil ? 0 : 2) | (retain ? 1 : 0)
        let head = encoded(UInt16(topic.count)) + topic + (id.map { encoded($0) } ?? [])
        return MQTTPacket(.publish, flags: flags, head + [0] + payload)
    }

    private static func encoded(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xFF)] }

    private static func short(_ bytes: [UInt8], at index: Int) -> UInt16? {
        guard bytes.count >= index + 2 else { return nil }
        return UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1])
    }
}
