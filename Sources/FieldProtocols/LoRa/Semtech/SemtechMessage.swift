public import JSONText

/// The content of a datagram: what its JSON says.
public struct SemtechMessage: Sendable, Equatable {
    /// Packets that can be used; those with a bad checksum are among them, without payload.
    public var uplinks: [SemtechUplink] = []
    /// Elements of `rxpk` that cannot, by reason.
    public var unusable: [LoRaError] = []
    public var statistics: GatewayStatistics?
    public var downlink: SemtechDownlink?
    /// The answer to a downlink: nil if this is none.
    public var transmission: SemtechTransmission?

    /// Elements of `rxpk` that one datagram may have; forwarders send eight at most.
    public static let uplinkCountMax = 256

    /// Reads the JSON of a datagram. `parser` may be shared with everything on the thread.
    public init(_ packet: SemtechPacket, parser: JSONParser) throws(LoRaError) {
        switch packet.kind {
        case .pushAck, .pullData, .pullAck: return
        case .transmitAck where packet.json.isEmpty:
            transmission = SemtechTransmission(failure: nil, warning: nil)
            return
        case .pushData, .pullResponse, .transmitAck: break
        }
        let root: JSONValue
        do throws(JSONError) { root = try parser.parse(packet.json) } catch {
            throw LoRaError(json: error, at: packet.jsonOffset)
        }
        guard root.isObject else { throw LoRaError(.notAnObject, at: packet.jsonOffset) }
        switch packet.kind {
        case .pushData: try takePush(root, at: packet.jsonOffset)
        case .pullResponse:
            guard let packet = root["txpk"] else { throw LoRaError(.missingField, at: packet.jsonOffset) }
            downlink = try SemtechDownlink(packet)
        default: transmission = try SemtechTransmission(root)
        }
    }

    private mutating func takePush(_ root: JSONValue, at offset: Int) throws(LoRaError) {
        if let statistics = root["stat"] { self.statistics = try GatewayStatistics(statistics) }
        guard let packets = root["rxpk"] else { return }
        guard packets.isArray else { throw LoRaError(.missingField, at: offset) }
        guard packets.count <= Self.uplinkCountMax else { throw LoRaError(.tooLarge, at: offset) }
        packets.forEachElement { packet in
            do throws(LoRaError) {
                uplinks.append(try SemtechUplink(packet))
            } catch {
                unusable.append(LoRaError(error.code, at: offset))
            }
        }
    }
}

/// What became of a downlink: the body of a TX_ACK.
public struct SemtechTransmission: Sendable, Equatable {
    /// `TOO_LATE`, `COLLISION_PACKET` … nil if it was accepted.
    public var failure: String?
    /// `TX_POWER`: sent with another power than asked.
    public var warning: String?

    public init(failure: String?, warning: String?) {
        self.failure = failure
        self.warning = warning
    }

    init(_ root: JSONValue) throws(LoRaError) {
        guard let answer = root["txpk_ack"] else { throw LoRaError(.missingField, at: 12) }
        let error = Self.word(answer["error"])
        failure = error == "NONE" ? nil : error
        warning = Self.word(answer["warn"])
    }

    private static func word(_ value: JSONValue?) -> String? {
        guard let text = value?.utf8, !text.isEmpty, text.count <= 64 else { return nil }
        return String(decoding: text, as: UTF8.self)
    }
}
