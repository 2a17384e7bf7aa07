internal import Crypto
internal import JSONText

extension CaptureDecoder {
    /// Messages one after the other, in bytes or as one text of hex digits.
    mutating func decodeOBP(_ bytes: UnsafeRawBufferPointer) {
        guard let digits = Self.hexText(bytes) else { return decodeOBPBytes(bytes) }
        digits.withUnsafeBytes { decodeOBPBytes($0) }
    }

    /// A message begins with C1, which no hex digit is.
    private static func hexText(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
        guard bytes.first == UInt8(ascii: "c") || bytes.first == UInt8(ascii: "C") else { return nil }
        return Hex.decode(utf8: bytes.filter { !TextScan.isEndOfLine($0) && $0 != 0x20 && $0 != 0x09 })
    }

    private mutating func decodeOBPBytes(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return fail(OBPError.tooShort.code, at: 0) }
        var stream = OBPStream()
        var events: [OBPStream.Event] = []
        stream.receive(bytes) { events.append($0) }
        stream.finish { events.append($0) }
        for (index, event) in events.enumerated() {
            switch event {
            case .frame(let frame): show(frame)
            case .damaged(let error, let offset): fail(error.code, at: offset)
            case .skipped(let count, let offset):
                // What is left of a damaged message has been told of.
                if index > 0, case .damaged = events[index - 1] { break }
                fail(OBPError.badMagic.code, at: offset) { writer in
                    writer.key("bytes")
                    writer.integer(count)
                }
            }
        }
    }

    private func show(_ frame: OBPFrame) {
        print { writer in
            writer.key("type")
            writer.string("0x" + Hex.encode(Self.bigEndian(frame.type)))
            writer.key("type_name")
            if let kind = frame.kind { writer.string(kind.name) } else { writer.null() }
            writer.key("dir")
            writer.string(frame.isFromDevice ? "dev->host" : "host->dev")
            writer.key("len")
            writer.integer(frame.byteCount)
            writer.key("protocol")
            writer.string("0x" + Hex.encode([UInt8(frame.version >> 8), UInt8(truncatingIfNeeded: frame.version)]))
            Self.writeFlags(of: frame, &writer)
            writer.key("regarding")
            writer.unsigned(frame.regarding)
            writer.key("checksum")
            writer.string(frame.checksum == .md5 ? "md5" : "none")
            writer.key("payload_bytes")
            writer.integer(frame.payload.count)
            writer.key("bytes_remaining")
            writer.integer(frame.payload.count + OBPFrame.trailerByteCount)
            Self.writeContent(of: frame, &writer)
        }
    }

    private static func bigEndian(_ type: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: type >> $0) }
    }

    private static func writeFlags(of frame: OBPFrame, _ writer: inout JSONWriter) {
        let flags: [(String, OBPFrame.Flags)] = [
            ("response", .response), ("ack", .acknowledged), ("ack_requested", .acknowledgementWanted),
            ("nack", .refused), ("hw_exception", .exception), ("deprecated", .deprecated),
        ]
        writer.key("flags")
        writer.unsigned(frame.flags.rawValue)
        for (name, flag) in flags {
            writer.key(name)
            writer.bool(frame.flags.contains(flag))
        }
        guard frame.error != 0 else { return }
        // A number, unlike the errors of decoding: the device's own code.
        writer.key("error")
        writer.unsigned(frame.error)
        writer.key("error_name")
        if let refusal = OBPRefusal(rawValue: frame.error) { writer.string(refusal.name) } else { writer.null() }
    }

    private static func writeContent(of frame: OBPFrame, _ writer: inout JSONWriter) {
        let content = frame.content
        guard !content.isEmpty else { return }
        switch frame.contentKind {
        case .text:
            writer.key("immediate")
            writer.string(frame.text)
        case .spectrum: return writeSpectrum(of: frame, &writer)
        case .f32:
            writer.key("f32")
            writer.shortNumber(frame.f32.map(Double.init) ?? .nan)
        case .index:
            writer.key("index")
            writer.unsigned(content[0])
        default:
            // By width: an unknown message is shown as what it can be.
            if let value = frame.u32, content.count == 4 { writeNumber("u32", value, &writer) }
            if let value = frame.u16, content.count == 2 { writeNumber("u16", UInt32(value), &writer) }
            if content.count == 1 { writeNumber("u8", UInt32(content[0]), &writer) }
        }
        writer.key(frame.payload.isEmpty ? "immediate_hex" : "payload_hex")
        writer.string(Hex.encode(content))
    }

    private static func writeNumber(_ name: String, _ value: UInt32, _ writer: inout JSONWriter) {
        writer.key(name)
        writer.unsigned(value)
    }

    private static func writeSpectrum(of frame: OBPFrame, _ writer: inout JSONWriter) {
        var counts: [Double] = []
        frame.readCounts(into: &counts)
        let highest = counts.max() ?? 0
        writer.key("pixels")
        writer.integer(counts.count)
        writer.key("max")
        writer.shortNumber(highest)
        writer.key("max_index")
        writer.integer(counts.firstIndex(of: highest) ?? 0)
        writer.key("first5")
        writeNumbers(counts.prefix(5), &writer)
        writer.key("counts")
        writeNumbers(counts[...], &writer)
    }

    static func writeNumbers(_ numbers: ArraySlice<Double>, _ writer: inout JSONWriter) {
        writer.beginArray()
        for number in numbers { writer.shortNumber(number) }
        writer.endArray()
    }
}
