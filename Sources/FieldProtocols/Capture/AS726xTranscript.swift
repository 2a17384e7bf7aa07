/// Reads a recorded conversation with a sensor of the AS726x family: questions and answers, line by line.
struct AS726xTranscript {
    /// A question with its answer.
    struct Exchange: Equatable {
        /// Where the answer stands.
        var line: Int
        var command: String
        var isOK: Bool
        /// What stood before `OK`.
        var value: String
        var numbers: [Double]
        /// Of answers with channels.
        var sensor: AS726xSensor?
        var isCalibrated: Bool
    }

    enum Item: Equatable {
        case exchange(Exchange)
        case sketch(SketchLine.Values, line: Int)
        case failure(AS726xReply.Failure, offset: Int, line: Int, command: String?)
    }

    private struct Question {
        var text: String
        var offset: Int
        var line: Int
    }

    private var question: Question?
    private var hardware: Int?
    private var sketch = SketchLine()

    /// Reads one line without its end.
    mutating func read(_ line: UnsafeRawBufferPointer, number: Int, at offset: Int) -> [Item] {
        guard line.count <= 4 * AS726xReply.lineByteCountMax else {
            return [.failure(.oversized, offset: offset, line: number, command: nil)]
        }
        let text = ByteText(line).trimmed
        guard let first = text.bytes.first, first != UInt8(ascii: "#") else { return [] }
        if text.hasPrefix("host>") { return ask(text[5..<text.bytes.count].trimmed, number, offset) }
        if text.hasPrefix("dev<") { return answer(text[4..<text.bytes.count].trimmed, number, offset) }
        if text.hasPrefix("AT") || text.hasPrefix("at") { return ask(text, number, offset) }
        return answer(text, number, offset)
    }

    /// What was still waited for at the end.
    mutating func finish() -> [Item] {
        defer { question = nil }
        return unanswered()
    }

    private func unanswered() -> [Item] {
        question.map { [.failure(.noReply, offset: $0.offset, line: $0.line, command: $0.text)] } ?? []
    }

    private mutating func ask(_ text: ByteText, _ line: Int, _ offset: Int) -> [Item] {
        // The sensor itself, some adapters too, echo the question.
        if let question, question.text == text.string { return [] }
        let items = unanswered()
        question = Question(text: text.string, offset: offset, line: line)
        return items
    }

    private mutating func answer(_ text: ByteText, _ line: Int, _ offset: Int) -> [Item] {
        do throws(AS726xReply.Failure) {
            let reply = try AS726xReply(text.bytes)
            guard let asked = question else { throw .unexpectedReply }
            question = nil
            switch reply {
            case .error: return [.exchange(exchange(asked, line, isOK: false))]
            case .ok(let range):
                return [.exchange(try exchange(asked, line, value: text[range]))]
            }
        } catch {
            if error == .unknownReply {
                if let values = sketch.read(text.bytes) { return [.sketch(values, line: line)] }
                if isHeader(text) { return [] }
            }
            let command = question?.text
            if error == .unknownReply { question = nil }
            return [.failure(error, offset: offset, line: line, command: command)]
        }
    }

    /// What a sketch says before its values.
    private func isHeader(_ text: ByteText) -> Bool {
        question == nil && (text.string.split(separator: ",").count == 18 || text.contains("Example"))
    }

    private func exchange(_ asked: Question, _ line: Int, isOK: Bool) -> Exchange {
        Exchange(line: line, command: asked.text, isOK: isOK, value: "", numbers: [], sensor: nil, isCalibrated: false)
    }

    private mutating func exchange(
        _ asked: Question, _ line: Int, value: ByteText
    ) throws(AS726xReply.Failure) -> Exchange {
        var exchange = exchange(asked, line, isOK: true)
        exchange.value = value.string
        let name = asked.text.uppercased()
        guard !value.bytes.isEmpty, name != "ATVERSW" else { return exchange }
        try AS726xReply.numbers(value.bytes, into: &exchange.numbers)
        if name == "ATVERHW" { hardware = exchange.numbers.first.flatMap { Int(exactly: $0) } }
        if name == "ATDATA" || name == "ATCDATA" {
            guard let sensor = AS726xSensor(valueCount: exchange.numbers.count, hardware: hardware) else {
                throw .wrongValueCount
            }
            exchange.sensor = sensor
            exchange.isCalibrated = name == "ATCDATA"
        }
        return exchange
    }
}
