internal import JSONText

extension CaptureDecoder {
    /// Line protocol: an object for each line.
    mutating func decodeInflux(_ bytes: UnsafeRawBufferPointer) {
        for item in ConventionCapture.items(of: bytes) {
            switch item {
            case .error(let code, let offset): fail(code, at: offset)
            case .message(let message):
                message.payload.withUnsafeBytes { payload in lines(of: payload, message.topic) }
            }
        }
    }

    private mutating func lines(of payload: UnsafeRawBufferPointer, _ topic: String?) {
        var reader = InfluxLineReader(payload.bindMemory(to: UInt8.self))
        var line = InfluxLine()
        while true {
            do throws(InfluxLineError) {
                guard try reader.next(&line) else { return }
                show(line, topic)
            } catch {
                fail(error.code, at: error.offset) { writer in
                    guard let topic else { return }
                    writer.key("topic")
                    writer.string(topic)
                }
            }
        }
    }

    private func show(_ line: InfluxLine, _ topic: String?) {
        print { writer in
            if let topic {
                writer.key("topic")
                writer.string(topic)
            }
            writer.key("measurement")
            writer.string(InfluxLine.unescaped(line.measurement))
            writer.key("tags")
            writer.beginObject()
            for (key, value) in line.tags {
                writer.key(InfluxLine.unescaped(key))
                writer.string(InfluxLine.unescaped(value))
            }
            writer.endObject()
            writer.key("fields")
            writer.beginObject()
            for (key, value) in line.fields {
                writer.key(InfluxLine.unescaped(key))
                switch value {
                case .number(let number): writer.shortNumber(number)
                case .integer(let number): writer.integer(number)
                case .unsigned(let number): writer.unsigned(number)
                case .flag(let flag): writer.bool(flag)
                case .text(let text): writer.string(InfluxLine.unescaped(text, isString: true))
                }
            }
            writer.endObject()
            writer.key("time_ns")
            if let time = line.timestamp { writer.integer(time) } else { writer.null() }
        }
    }
}
