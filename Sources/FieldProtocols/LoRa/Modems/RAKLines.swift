internal import Crypto

/// RUI3 of RAKwireless (RUI3 AT Command Manual): `OK`, `AT_…ERROR`, `+EVT:…`.
enum RAKLines {
    static func read(_ text: ByteText) throws(LoRaError) -> ModemLine {
        if text.hasPrefix("+EVT:") { return try event(text[5..<text.bytes.count], at: 5) }
        if text.bytes.elementsEqual("OK".utf8) { return .done }
        if text.hasPrefix("AT_") { return .refused(text.string) }
        if text.hasPrefix("AT+"), let mark = text.bytes.firstIndex(of: UInt8(ascii: "=")) {
            return .answer(name: text[3..<mark].string, value: text[(mark + 1)..<text.bytes.count].string)
        }
        // The banner after a reset, in several versions of it.
        if text.hasPrefix("RAKwireless") || text.hasPrefix("Current Work Mode") { return .started }
        return .other
    }

    private static func event(_ text: ByteText, at offset: Int) throws(LoRaError) -> ModemLine {
        if text.hasPrefix("RXP2P:") { return try packet(text, at: offset) }
        // Firmware before RUI3 3.2 prints two lines a packet.
        if text.hasPrefix("RXP2P,") { return try signal(text, at: offset) }
        if text.hasPrefix("RX_"), let packet = try networkPacket(text, at: offset) { return packet }
        if isContent(text) {
            guard let bytes = Hex.decode(utf8: text.bytes) else { throw LoRaError(.badHex, at: offset) }
            return .content(bytes)
        }
        return .event(text.string)
    }

    /// `RXP2P:-57:9:03670110026861`
    private static func packet(_ text: ByteText, at offset: Int) throws(LoRaError) -> ModemLine {
        let parts = text.split(UInt8(ascii: ":"), countMax: 4)
        guard parts.count == 4 else { throw LoRaError(.malformedLine, at: offset) }
        guard let rssi = parts[1].text.number, let snr = parts[2].text.number else {
            throw LoRaError(.malformedLine, at: offset + parts[1].offset)
        }
        try ModemDialect.check(rssi: rssi, snr: snr, at: offset + parts[1].offset)
        return .packet(ModemPacket(try hex(parts[3], at: offset), rssi: rssi, snr: snr))
    }

    /// `RX_1:-70:8:UNICAST:2:0102`; nil if it is another event that begins so.
    private static func networkPacket(_ text: ByteText, at offset: Int) throws(LoRaError) -> ModemLine? {
        let parts = text.split(UInt8(ascii: ":"), countMax: 6)
        guard parts.count == 6 else { return nil }
        guard let rssi = parts[1].text.number, let snr = parts[2].text.number, let port = parts[4].text.count,
            port <= 255
        else { throw LoRaError(.malformedLine, at: offset + parts[1].offset) }
        try ModemDialect.check(rssi: rssi, snr: snr, at: offset + parts[1].offset)
        return .packet(ModemPacket(try hex(parts[5], at: offset), rssi: rssi, snr: snr, port: port))
    }

    /// `RXP2P, RSSI -57, SNR 9`
    private static func signal(_ text: ByteText, at offset: Int) throws(LoRaError) -> ModemLine {
        guard let rssi = text.value(after: "RSSI "),
            let snr = text.value(after: "SNR ")
        else { throw LoRaError(.malformedLine, at: offset) }
        try ModemDialect.check(rssi: rssi, snr: snr, at: offset)
        return .signal(byteCount: nil, rssi: rssi, snr: snr)
    }

    private static func hex(_ part: (text: ByteText, offset: Int), at offset: Int) throws(LoRaError) -> [UInt8] {
        guard let bytes = Hex.decode(utf8: part.text.trimmed.bytes), bytes.count <= PHYPayload.byteCountMax else {
            throw LoRaError(.badHex, at: offset + part.offset)
        }
        return bytes
    }

    private static func isContent(_ text: ByteText) -> Bool {
        !text.bytes.isEmpty
            && text.bytes.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x46).contains($0) || (0x61...0x66).contains($0)
            }
    }
}

extension ByteText {
    /// The number after a word and up to the next comma.
    func value(after key: StaticString) -> Double? {
        guard let found = firstIndex(of: key) else { return nil }
        let start = found + key.utf8CodeUnitCount
        let end = bytes[start...].firstIndex(of: UInt8(ascii: ",")) ?? bytes.count
        return self[start..<end].number
    }
}
