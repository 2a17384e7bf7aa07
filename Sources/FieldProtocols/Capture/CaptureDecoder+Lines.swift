internal import GatewayModel
internal import JSONText

extension CaptureDecoder {
    /// Reads the capture twice: the first lines are labelled with what only the later ones tell.
    mutating func decodeLines(_ bytes: UnsafeRawBufferPointer) {
        var generation = options.generation
        if generation == nil {
            var classifier = LineClassifier()
            Self.forEachLine(of: bytes) { line, _ in
                line.bytes.withUnsafeBytes { _ = classifier.classify($0, isWhole: line.isWhole) }
            }
            generation = classifier.generation
        }
        var classifier = LineClassifier(generation: generation)
        var batch = ObservationBatch()
        Self.forEachLine(of: bytes) { line, number in
            line.bytes.withUnsafeBytes { text in
                let classified = classifier.classify(text, isWhole: line.isWhole)
                let flags = LineReadings.append(classified, text: text, generation: generation, to: &batch)
                show(classified, number, generation, batch.readings, flags)
                batch.removeAll()
            }
        }
    }

    private static func forEachLine(of bytes: UnsafeRawBufferPointer, _ body: (LineSplitter.Line, Int) -> Void) {
        var splitter = LineSplitter()
        var input = bytes
        var number = 0
        while let line = splitter.next(&input) {
            number += 1
            body(line, number)
        }
        if let line = splitter.finish() { body(line, number + 1) }
    }

    private mutating func show(
        _ line: LineClassifier.ClassifiedLine, _ number: Int, _ generation: LineGeneration?, _ readings: [Reading],
        _ flags: RecordFlags
    ) {
        print { writer in
            writer.key("line")
            writer.integer(number)
            writer.key("class")
            writer.string(line.lineClass.rawValue)
            writer.key("generation")
            if let generation { writer.string(generation.rawValue) } else { writer.null() }
            writer.key("readings")
            writer.beginArray()
            for reading in readings { Self.write(reading, &writer) }
            writer.endArray()
            if !flags.isEmpty {
                writer.key("flags")
                writer.beginArray()
                for (flag, name) in RecordFlags.names where flags.contains(flag) { writer.string("\(name)") }
                writer.endArray()
            }
        }
    }

    static func write(_ reading: Reading, _ writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("id")
        writer.string(reading.metric.text)
        writer.key("v")
        switch reading.value {
        case .number(let value): writer.shortNumber(value)
        case .flag(let value): writer.bool(value)
        case .text(let value): writer.string(value)
        }
        writer.key("u")
        writer.string(reading.unit.code)
        writer.key("q")
        writer.string(reading.quality.name)
        writer.endObject()
    }
}
