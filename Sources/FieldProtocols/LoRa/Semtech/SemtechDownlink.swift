internal import Crypto
internal import JSONText

/// A packet that a gateway shall send: the object `txpk`.
public struct SemtechDownlink: Sendable, Equatable {
    /// When.
    public enum Timing: Sendable, Equatable {
        case immediately
        /// At this value of the gateway's microsecond counter.
        case at(counter: UInt32)
        /// At this GPS time in milliseconds.
        case gps(milliseconds: Int64)
    }

    /// When it is sent.
    public var timing: Timing
    /// How it is modulated.
    public var radio: RadioSetting
    /// Which chain of the gateway sends it.
    public var radioChain = 0
    /// dBm.
    public var power: Int?
    /// Inverted, as devices of LoRaWAN expect of a downlink.
    public var isInverted: Bool
    public var preamble: Int?
    public var frequencyDeviation: Int?
    /// Without the radio's checksum.
    public var omitsChecksum: Bool
    public var payload: [UInt8]

    public init(
        _ payload: [UInt8], timing: Timing, radio: RadioSetting, power: Int? = nil, isInverted: Bool = true,
        omitsChecksum: Bool = true
    ) {
        self.payload = payload
        self.timing = timing
        self.radio = radio
        self.power = power
        self.isInverted = isInverted
        self.omitsChecksum = omitsChecksum
    }

    init(_ value: JSONValue) throws(LoRaError) {
        guard value.isObject else { throw LoRaError(.notAnObject, at: 4) }
        guard let data = value["data"]?.utf8 else { throw LoRaError(.missingField, at: 4) }
        guard let payload = Base64.decode(utf8: data) else { throw LoRaError(.badBase64, at: 4) }
        if let size = value["size"]?.int64, size != Int64(payload.count) { throw LoRaError(.sizeMismatch, at: 4) }
        self.payload = payload
        if value["imme"]?.bool == true {
            timing = .immediately
        } else if let counter = value["tmst"]?.uint64.flatMap({ UInt32(exactly: $0) }) {
            timing = .at(counter: counter)
        } else if let gps = value["tmms"]?.int64 {
            timing = .gps(milliseconds: gps)
        } else {
            throw LoRaError(.missingField, at: 4)
        }
        var modulation: RadioSetting.Modulation?
        if let bits = value["datr"]?.int64.flatMap({ Int(exactly: $0) }), bits > 0 {
            modulation = .fsk(bitRate: bits)
        } else if let text = value["datr"]?.utf8 {
            modulation = RadioSetting.dataRate(text) ?? .other(String(decoding: text.prefix(32), as: UTF8.self))
        }
        radio = RadioSetting(
            modulation: modulation, frequencyHertz: value["freq"]?.double.map { ($0 * 1_000_000).rounded() },
            codingRate: value["codr"]?.string)
        radioChain = value["rfch"]?.int64.flatMap { Int(exactly: $0) } ?? 0
        power = value["powe"]?.int64.flatMap { Int(exactly: $0) }
        isInverted = value["ipol"]?.bool ?? false
        preamble = value["prea"]?.int64.flatMap { Int(exactly: $0) }
        frequencyDeviation = value["fdev"]?.int64.flatMap { Int(exactly: $0) }
        omitsChecksum = value["ncrc"]?.bool ?? false
    }

    /// `{"txpk":{…}}`. What is not known is left out: a null breaks some forwarders.
    public var json: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("txpk")
        writer.beginObject()
        write(timing, &writer)
        if let hertz = radio.frequencyHertz {
            writer.key("freq")
            writer.shortNumber(hertz / 1_000_000)
        }
        member("rfch", radioChain, &writer)
        member("powe", power, &writer)
        write(radio.modulation, &writer)
        if let rate = radio.codingRate {
            writer.key("codr")
            writer.string(rate)
        }
        member("fdev", frequencyDeviation, &writer)
        writer.key("ipol")
        writer.bool(isInverted)
        member("prea", preamble, &writer)
        member("size", payload.count, &writer)
        writer.key("ncrc")
        writer.bool(omitsChecksum)
        writer.key("data")
        writer.string(Base64.encode(payload))
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }

    private func member(_ key: String, _ value: Int?, _ writer: inout JSONWriter) {
        guard let value else { return }
        writer.key(key)
        writer.integer(value)
    }

    private func write(_ timing: Timing, _ writer: inout JSONWriter) {
        writer.key("imme")
        writer.bool(timing == .immediately)
        switch timing {
        case .immediately: break
        case .at(let counter):
            writer.key("tmst")
            writer.unsigned(counter)
        case .gps(let milliseconds):
            writer.key("tmms")
            writer.integer(milliseconds)
        }
    }

    private func write(_ modulation: RadioSetting.Modulation?, _ writer: inout JSONWriter) {
        guard let modulation else { return }
        writer.key("modu")
        writer.string(modulation.semtechName)
        writer.key("datr")
        switch modulation {
        case .fsk(let bitRate): writer.integer(bitRate)
        default: writer.string(modulation.dataRate)
        }
    }
}

extension RadioSetting.Modulation {
    /// `LORA`, `FSK`, `LR-FHSS`, as forwarders call them.
    public var semtechName: String {
        switch self {
        case .lora: "LORA"
        case .fsk: "FSK"
        case .other: "LR-FHSS"
        }
    }

    /// `SF7BW125`, or the bit rate.
    public var dataRate: String {
        switch self {
        case .lora(let factor, let hertz):
            hertz % 1_000 == 0 ? "SF\(factor)BW\(hertz / 1_000)" : "SF\(factor)BW\(Double(hertz) / 1_000)"
        case .fsk(let bitRate): "\(bitRate)"
        case .other(let name): name
        }
    }
}
