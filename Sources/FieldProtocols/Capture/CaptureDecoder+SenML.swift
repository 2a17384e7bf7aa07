internal import Crypto
internal import JSONText

extension CaptureDecoder {
    /// Packs: a line for each record, with its base fields applied.
    mutating func decodeSenML(_ bytes: UnsafeRawBufferPointer, isCBOR: Bool) {
        // A pack in JSON is an array of objects, as a capture of messages is, but has other members.
        for item in ConventionCapture.items(of: bytes) {
            switch item {
            case .error(let code, let offset): fail(code, at: offset)
            case .message(let message):
                message.payload.withUnsafeBytes { payload in
                    do throws(SenMLError) {
                        try records(of: payload, isCBOR: isCBOR, topic: message.topic)
                    } catch {
                        fail(error.code, at: error.record) { writer in
                            if let topic = message.topic {
                                writer.key("topic")
                                writer.string(topic)
                            }
                        }
                    }
                }
            }
        }
    }

    private func records(
        of payload: UnsafeRawBufferPointer, isCBOR: Bool, topic: String?
    ) throws(SenMLError) {
        var resolver = SenMLResolver()
        let show = { (entry: SenMLEntry) throws(SenMLError) in
            try resolver.resolve(entry, failed: { $0 }) { (record) throws(SenMLError) in self.show(record, topic) }
        }
        if isCBOR { return try SenMLPack.forEachEntry(in: payload, failed: { $0 }, show) }
        let parser = JSONParser()
        let root: JSONValue
        do throws(JSONError) { root = try parser.parse(payload) } catch {
            throw SenMLError(reason: .malformedJSON, record: 0)
        }
        try SenMLPack.forEachEntry(in: root, failed: { $0 }, show)
        withExtendedLifetime(parser) {}
    }

    private func show(_ record: SenMLRecord, _ topic: String?) {
        print { writer in
            if let topic {
                writer.key("topic")
                writer.string(topic)
            }
            writer.key("name")
            writer.string(utf8: record.name)
            writer.key("unit")
            if let unit = record.unit { writer.string(utf8: unit) } else { writer.null() }
            writer.key("time")
            if let time = record.time { writer.shortNumber(time) } else { writer.null() }
            if record.time != nil, record.isRelative {
                writer.key("relative")
                writer.bool(true)
            }
            switch record.value {
            case .number(let value):
                writer.key("value")
                writer.shortNumber(value)
            case .text(let text):
                writer.key("string")
                writer.string(utf8: text)
            case .flag(let flag):
                writer.key("bool")
                writer.bool(flag)
            case .bytes(let bytes, let isBase64):
                writer.key("data")
                writer.string(isBase64 ? String(decoding: bytes, as: UTF8.self) : Self.base64URL(bytes))
            case nil: break
            }
            for (key, value) in [("sum", record.sum), ("update_time", record.updateTime)] {
                guard let value else { continue }
                writer.key(key)
                writer.shortNumber(value)
            }
        }
    }

    /// As the JSON form has it: without padding (RFC 8428, section 5.1).
    private static func base64URL(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
        let text = Base64.encode(Array(bytes)).utf8.compactMap { byte -> UInt8? in
            switch byte {
            case UInt8(ascii: "+"): UInt8(ascii: "-")
            case UInt8(ascii: "/"): UInt8(ascii: "_")
            case UInt8(ascii: "="): nil
            default: byte
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
