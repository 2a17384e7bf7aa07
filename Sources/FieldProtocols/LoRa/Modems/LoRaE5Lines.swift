internal import Crypto

/// Seeed LoRa-E5 in test mode: every answer is `+NAME: …`; a packet is two lines, its signal and its content.
enum LoRaE5Lines {
    static func read(_ text: ByteText) throws(LoRaError) -> ModemLine {
        guard text.hasPrefix("+"), let mark = text.bytes.firstIndex(of: UInt8(ascii: ":")) else { return .other }
        let name = text[1..<mark].string
        let value = text[(mark + 1)..<text.bytes.count].trimmed
        if value.hasPrefix("ERROR") { return .refused("\(name): \(value.string)") }
        guard name == "TEST" else { return .answer(name: name, value: value.string) }
        if value.hasPrefix("LEN:") {
            guard let count = value.value(after: "LEN:").flatMap({ Int(exactly: $0) }), (0...255).contains(count),
                let rssi = value.value(after: "RSSI:"), let snr = value.value(after: "SNR:")
            else { throw LoRaError(.malformedLine, at: mark + 1) }
            try ModemDialect.check(rssi: rssi, snr: snr, at: mark + 1)
            return .signal(byteCount: count, rssi: rssi, snr: snr)
        }
        if value.hasPrefix("RX ") {
            let quoted = value[3..<value.bytes.count].trimmed.bytes
            guard quoted.count >= 2, quoted.first == UInt8(ascii: "\""), quoted.last == UInt8(ascii: "\"") else {
                throw LoRaError(.malformedLine, at: mark + 1)
            }
            guard let bytes = Hex.decode(utf8: quoted.dropFirst().dropLast()), bytes.count <= PHYPayload.byteCountMax
            else { throw LoRaError(.badHex, at: mark + 1) }
            return .content(bytes)
        }
        if value.hasPrefix("TX DONE") { return .event("TX DONE") }
        return .answer(name: name, value: value.string)
    }
}
