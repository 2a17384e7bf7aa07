/// Reyax RYLR: `+OK`, `+ERR=4`, `+READY`, `+RCV=addr,len,data,rssi,snr`.
enum ReyaxLines {
    static func read(_ text: ByteText) throws(LoRaError) -> ModemLine {
        if text.hasPrefix("+RCV=") { return .packet(try packet(text)) }
        let word = text.trimmed
        if word.bytes.isText("+OK") { return .done }
        if word.bytes.isText("+READY") || word.bytes.isText("+RESET") { return .started }
        if word.hasPrefix("+ERR") { return .refused(word.string) }
        if word.hasPrefix("+"), let mark = word.bytes.firstIndex(of: UInt8(ascii: "=")) {
            return .answer(name: word[1..<mark].string, value: word[(mark + 1)..<word.bytes.count].string)
        }
        return .other
    }

    /// The bytes of a line that begins so, at least: the data may hold ends of lines. 0 if it is no packet, or if that cannot
    /// be told yet.
    static func byteCountMin(_ line: UnsafeRawBufferPointer) -> Int {
        let text = ByteText(line)
        guard text.hasPrefix("+RCV=") else { return 0 }
        let head = text[5..<line.count].split(UInt8(ascii: ","), countMax: 3)
        guard head.count == 3, head[0].text.count != nil, let count = head[1].text.count, count <= 240 else { return 0 }
        // And `,` with a signal behind it.
        return 5 + head[2].offset + count + 1
    }

    /// The data may hold commas: only its length says where it ends.
    private static func packet(_ text: ByteText) throws(LoRaError) -> ModemPacket {
        let head = text[5..<text.bytes.count].split(UInt8(ascii: ","), countMax: 3)
        guard head.count == 3, let sender = head[0].text.count, sender <= 65_535, let count = head[1].text.count else {
            throw LoRaError(.malformedLine, at: 5)
        }
        let start = 5 + head[2].offset
        let end = start + count
        guard count <= 240, end < text.bytes.count, text.bytes[end] == UInt8(ascii: ",") else {
            throw LoRaError(.malformedLine, at: start)
        }
        let signal = text[(end + 1)..<text.bytes.count].split(UInt8(ascii: ","), countMax: 3)
        guard signal.count == 2, let rssi = signal[0].text.number, let snr = signal[1].text.number else {
            throw LoRaError(.malformedLine, at: end + 1)
        }
        try ModemDialect.check(rssi: rssi, snr: snr, at: end + 1)
        return ModemPacket(Array(text.bytes[start..<end]), rssi: rssi, snr: snr, sender: sender)
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func isText(_ text: StaticString) -> Bool {
        count == text.utf8CodeUnitCount && ByteText(self).hasPrefix(text)
    }
}
