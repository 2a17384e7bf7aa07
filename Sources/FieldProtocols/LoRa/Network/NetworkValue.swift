internal import Crypto
internal import JSONText

/// Reads members of proto3 JSON: zero, false and empty may be missing, 64-bit integers are texts, names are in lower camel
/// case or as they stand in the schema.
enum NetworkValue {
    static func integer(_ value: JSONValue?) -> Int64? {
        guard let value else { return nil }
        if let number = value.int64 { return number }
        if let number = value.double { return Int64(exactly: number) }
        guard let text = value.utf8, (1...20).contains(text.count) else { return nil }
        return Int64(String(decoding: text, as: UTF8.self))
    }

    static func counter(_ value: JSONValue?) -> UInt32 { integer(value).flatMap { UInt32(exactly: $0) } ?? 0 }

    static func port(_ value: JSONValue?) -> UInt8 { integer(value).flatMap { UInt8(exactly: $0) } ?? 0 }

    static func number(_ value: JSONValue?) -> Double? {
        if let number = value?.double { return number }
        return integer(value).map { Double($0) }
    }

    /// How a gateway heard a packet. Servers leave out what is zero: a signal of 0 dBm is none that a LoRa receiver hears, so
    /// one that is not there is not known; a signal at the level of the noise, 0 dB, is ordinary.
    static func reception(_ value: JSONValue, of gateway: String) -> Reception {
        let rssi = number(value["rssi"])
        return Reception(gateway: gateway, rssi: rssi, snr: number(value["snr"]) ?? (rssi == nil ? nil : 0))
    }

    static func text(_ value: JSONValue?, byteCountMax: Int = 256) -> String? {
        guard let text = value?.utf8, !text.isEmpty, text.count <= byteCountMax else { return nil }
        return String(decoding: text, as: UTF8.self)
    }

    static func eui(_ value: JSONValue?) -> LoRaEUI? { value?.utf8.flatMap { LoRaEUI(utf8: $0) } }

    static func time(_ value: JSONValue?) -> Int64? { value?.utf8.flatMap { RFC3339.milliseconds(utf8: $0) } }

    /// Seconds written as `0.061696s`.
    static func duration(_ value: JSONValue?) -> Double? {
        guard let text = value?.utf8, text.last == UInt8(ascii: "s"), text.count <= 32 else { return nil }
        return Double(String(decoding: text.dropLast(), as: UTF8.self)).flatMap { $0.isFinite ? $0 : nil }
    }

    /// Base64 of at most a packet; nil if it is neither.
    static func payload(_ value: JSONValue?) throws(LoRaError) -> [UInt8] {
        guard let value, !value.isNull else { return [] }
        guard let text = value.utf8 else { throw LoRaError(.missingField) }
        guard text.count <= 1_024, let bytes = Base64.decode(utf8: text) else { throw LoRaError(.badBase64) }
        return bytes
    }

    static func lora(_ value: JSONValue?, bandwidth: StaticString, factor: StaticString) -> RadioSetting.Modulation? {
        guard let value, let spreading = integer(value[factor]).flatMap({ Int(exactly: $0) }),
            (5...12).contains(spreading)
        else { return nil }
        let hertz = integer(value[bandwidth]).flatMap { Int(exactly: $0) } ?? 125_000
        return .lora(spreadingFactor: spreading, bandwidthHertz: hertz)
    }
}
