internal import JSONText

extension CaptureDecoder {
    /// A transcript, `host>` and `dev<` before the lines or not, with comments; lines of SparkFun's sketches as well.
    mutating func decodeAS726x(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return fail(AS726xReply.Failure.noReply.code, at: 0) }
        var transcript = AS726xTranscript()
        var start = 0
        var number = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex { TextScan.isEndOfLine($0) } ?? bytes.count
            number += 1
            let line = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
            for item in transcript.read(line, number: number, at: start) { show(item) }
            let isPair = end + 1 < bytes.count && bytes[end] == 0x0D && bytes[end + 1] == 0x0A
            start = end + (isPair ? 2 : 1)
        }
        for item in transcript.finish() { show(item) }
    }

    private mutating func show(_ item: AS726xTranscript.Item) {
        switch item {
        case .failure(let failure, let offset, let line, let command):
            fail(failure.code, at: offset) { writer in
                writer.key("line")
                writer.integer(line)
                if let command {
                    writer.key("command")
                    writer.string(command)
                }
            }
        case .exchange(let exchange): show(exchange)
        case .sketch(let values, let line):
            print { writer in
                writer.key("line")
                writer.integer(line)
                writer.key("format")
                writer.string("sketch")
                Self.write(values.values, of: values.sensor, as: "calibrated", &writer)
                if let celsius = values.celsius {
                    writer.key("temperature_c")
                    writer.shortNumber(celsius)
                }
            }
        }
    }

    private func show(_ exchange: AS726xTranscript.Exchange) {
        print { writer in
            writer.key("line")
            writer.integer(exchange.line)
            writer.key("command")
            writer.string(exchange.command)
            writer.key("reply")
            writer.string(exchange.isOK ? "OK" : "ERROR")
            writer.key("ok")
            writer.bool(exchange.isOK)
            guard !exchange.value.isEmpty else { return }
            writer.key("value")
            if exchange.numbers.count == 1 {
                writer.shortNumber(exchange.numbers[0])
            } else {
                writer.string(exchange.value)
            }
            if exchange.numbers.isEmpty { return }
            writer.key("values")
            Self.writeNumbers(exchange.numbers[...], &writer)
            guard let sensor = exchange.sensor else { return }
            Self.write(
                exchange.numbers, of: sensor, as: exchange.isCalibrated ? "calibrated" : "raw", &writer)
        }
    }

    private static func write(
        _ values: [Double], of sensor: AS726xSensor, as name: String, _ writer: inout JSONWriter
    ) {
        writer.key("sensor")
        writer.string(sensor.rawValue)
        writer.key(name)
        writer.beginObject()
        for (channel, value) in zip(sensor.channels, values) {
            writer.key(String(channel.letter))
            writer.shortNumber(value)
        }
        writer.endObject()
        writer.key("sorted_by_nm")
        writer.beginArray()
        for (channel, value) in zip(sensor.channels, values).sorted(by: { $0.0.nanometres < $1.0.nanometres }) {
            writer.beginArray()
            writer.integer(channel.nanometres)
            writer.shortNumber(value)
            writer.endArray()
        }
        writer.endArray()
        if name == "raw" {
            writer.key("saturated")
            writer.bool(values.contains { $0 >= 65_535 })
        }
    }
}
