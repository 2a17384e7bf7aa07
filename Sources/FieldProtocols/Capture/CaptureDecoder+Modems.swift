internal import Crypto
internal import GatewayModel
internal import JSONText

extension CaptureDecoder {
    /// Lines as they came from a modem. A transcript may put `host> ` and `dev< ` in front; a list of samples the dialect and a
    /// tab, and what is expected behind another.
    mutating func decodeModemLines(_ bytes: UnsafeRawBufferPointer, dialect: ModemDialect?) {
        var receivers: [ModemDialect: ModemReceiver] = [:]
        var splitter = LineSplitter()
        var input = bytes
        var number = 0
        var asked: String?
        func take(_ line: LineSplitter.Line) {
            number += 1
            let row = ModemRow(line.bytes)
            if row.isComment { return }
            if let command = row.command {
                asked = command
                return print { writer in
                    writer.key("line")
                    writer.integer(number)
                    Self.write("kind", "command", &writer)
                    Self.write("command", command, &writer)
                }
            }
            guard !row.text.allSatisfy({ $0 <= 0x20 }) else { return }
            if row.isMeshtastic { return decodeMeshtastic(row.text, line: number) }
            let dialect = dialect ?? row.dialect
            guard let dialect else { return showOther(row.text, number, at: line.offset) }
            let read = row.text.withUnsafeBytes { bytes -> Result<ModemLine, LoRaError> in
                do throws(LoRaError) {
                    return .success(try receivers[dialect, default: ModemReceiver(dialect)].read(bytes))
                } catch {
                    return .failure(error)
                }
            }
            switch read {
            case .failure(let error):
                fail(error.code.rawValue, at: line.offset + row.offset + error.offset) { writer in
                    writer.key("line")
                    writer.integer(number)
                    Self.write("dialect", dialect.rawValue, &writer)
                }
            case .success(let read): show(read, dialect, number, row.text, &asked)
            }
        }
        while let line = splitter.next(&input) { take(line) }
        if let line = splitter.finish() { take(line) }
    }

    private func show(
        _ line: ModemLine, _ dialect: ModemDialect, _ number: Int, _ text: [UInt8], _ asked: inout String?
    ) {
        print { writer in
            writer.key("line")
            writer.integer(number)
            Self.write("dialect", dialect.rawValue, &writer)
            switch line {
            case .done, .refused:
                Self.write("kind", "status", &writer)
                if case .refused(let word) = line {
                    Self.write("status", word, &writer)
                } else {
                    Self.write("status", "OK", &writer)
                }
                Self.write("command", asked, &writer)
                asked = nil
            case .answer(let name, let value):
                Self.write("kind", "answer", &writer)
                Self.write("name", name, &writer)
                Self.write("value", value, &writer)
            case .packet(let packet): Self.write(packet, &writer)
            case .signal(let count, let rssi, let snr):
                Self.write("kind", "signal", &writer)
                if let count {
                    writer.key("len")
                    writer.integer(count)
                }
                Self.write("rssi", rssi, &writer)
                Self.write("snr", snr, &writer)
            case .content(let bytes):
                Self.write("kind", "content", &writer)
                Self.write("payload_hex", Hex.encode(bytes), &writer)
            case .event(let text):
                Self.write("kind", "event", &writer)
                Self.write("event", text, &writer)
            case .started: Self.write("kind", "started", &writer)
            case .other:
                Self.write("kind", "other", &writer)
                Self.write("text", String(decoding: text.prefix(256), as: UTF8.self), &writer)
            }
        }
    }

    private static func write(_ packet: ModemPacket, _ writer: inout JSONWriter) {
        write("kind", "packet", &writer)
        if let sender = packet.sender {
            writer.key("addr")
            writer.integer(sender)
        }
        if let port = packet.port {
            writer.key("port")
            writer.integer(port)
        }
        writer.key("len")
        writer.integer(packet.payload.count)
        write("rssi", packet.rssi, &writer)
        write("snr", packet.snr, &writer)
        write("payload_hex", Hex.encode(packet.payload), &writer)
        // Modems that send text print it as it is.
        if packet.sender != nil { write("data", String(decoding: packet.payload, as: UTF8.self), &writer) }
    }

    /// A line of a sketch: JSON, or nothing that is known.
    private mutating func showOther(_ text: [UInt8], _ number: Int, at offset: Int) {
        let value = text.withUnsafeBytes { bytes in (try? parser.parse(bytes)).map { JSON($0) } }  // or it is not JSON
        guard let value, value.members != nil else {
            return fail(LoRaError.Code.malformedLine.rawValue, at: offset) { writer in
                writer.key("line")
                writer.integer(number)
            }
        }
        print { writer in
            writer.key("line")
            writer.integer(number)
            Self.write("dialect", "json-line", &writer)
            Self.write("kind", "packet", &writer)
            for (key, names) in [("addr", ["from", "addr", "src"]), ("rssi", ["rssi"]), ("snr", ["snr", "lsnr"])] {
                if let number = names.lazy.compactMap({ value[$0]?.double }).first { Self.write(key, number, &writer) }
            }
            writer.key("json")
            writer.value(value)
        }
    }

    mutating func decodeMeshtastic(_ bytes: UnsafeRawBufferPointer) { decodeMeshtastic(Array(bytes), line: nil) }

    private mutating func decodeMeshtastic(_ bytes: [UInt8], line: Int?) {
        var framing = MeshtasticFraming()
        var count = 0
        bytes.withUnsafeBytes { bytes in
            framing.receive(bytes) { message in
                count += 1
                show(message, line)
                // What is no message is shown as it is; another one may stand inside.
                return (try? MeshtasticMessage(message)) != nil
            }
        }
        if count == 0 || framing.isInsideFrame { fail(LoRaError.Code.malformedFrame.rawValue, at: bytes.count) }
    }

    private func show(_ message: UnsafeRawBufferPointer, _ line: Int?) {
        print { writer in
            if let line {
                writer.key("line")
                writer.integer(line)
            }
            Self.write("dialect", "meshtastic-frame", &writer)
            writer.key("len")
            writer.integer(message.count)
            Self.write("payload_hex", Hex.encode(message), &writer)
            writer.key("packet")
            // A frame may hold what this gateway has no use for.
            guard let packet = (try? MeshtasticMessage(message))?.packet else { return writer.null() }
            writer.beginObject()
            writer.key("from")
            writer.unsigned(packet.sender)
            writer.key("id")
            writer.unsigned(packet.id)
            if let port = packet.port {
                writer.key("port")
                writer.unsigned(port)
            }
            Self.write("rssi", packet.rssi.map(Double.init), &writer)
            Self.write("snr", packet.snr.flatMap { Double($0.description) }, &writer)
            Self.write("payload_hex", Hex.encode(packet.payload), &writer)
            var batch = ObservationBatch()
            // What is no telemetry, or broken, has no readings.
            let time = try? MeshtasticReadings.append(packet, to: &batch)
            if !batch.openReadings.isEmpty {
                Self.write("time", time.map { RFC3339.text($0) }, &writer)
                writer.key("readings")
                writer.beginArray()
                for reading in batch.readings { Self.write(reading, &writer) }
                writer.endArray()
            }
            writer.endObject()
        }
    }
}

/// One row of a capture of modem lines, without what is not part of the wire.
struct ModemRow {
    private(set) var text: [UInt8]
    /// Where the text begins in its row.
    private(set) var offset = 0
    private(set) var command: String?
    private(set) var isComment = false
    private(set) var isMeshtastic = false
    private(set) var dialect: ModemDialect?

    init(_ row: [UInt8]) {
        text = row
        if row.first == UInt8(ascii: "#") {
            isComment = true
        } else if row.starts(with: "host> ".utf8) {
            command = String(decoding: row.dropFirst(6), as: UTF8.self)
        } else if row.starts(with: "dev< ".utf8) {
            text = Array(row.dropFirst(5))
            offset = 5
        } else if let tab = row.firstIndex(of: 0x09), let name = String(validating: row[..<tab], as: UTF8.self),
            Self.dialects[name] != nil || Self.others.contains(name)
        {
            text = Array(row[(tab + 1)...].prefix { $0 != 0x09 })
            offset = tab + 1
            dialect = Self.dialects[name]
            isMeshtastic = name.hasPrefix("meshtastic")
        }
        if isMeshtastic { text = Hex.decode(utf8: text) ?? text }
        dialect = dialect ?? Self.dialect(of: text)
    }

    private static let dialects: [String: ModemDialect] = [
        "reyax-rylr": .reyax, "reyax": .reyax, "lora-e5-test": .loraE5, "lora-e5": .loraE5, "rak3172": .rak3172,
    ]
    private static let others: Set<String> = ["json-line", "meshtastic-frame", "meshtastic"]

    /// By how the line begins; nil for lines that may be anything.
    private static func dialect(of text: [UInt8]) -> ModemDialect? {
        if text.starts(with: "+RCV=".utf8) || text.starts(with: "+ERR".utf8) || text.starts(with: "+READY".utf8) {
            return .reyax
        }
        if text.starts(with: "+TEST:".utf8) { return .loraE5 }
        if text.starts(with: "+EVT:".utf8) || text.starts(with: "AT".utf8) || text == Array("OK".utf8) {
            return .rak3172
        }
        return text == Array("+OK".utf8) ? .reyax : nil
    }
}
