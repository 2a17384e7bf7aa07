/// Reads the lines of a payload one by one. Empty lines and comments are passed over.
struct InfluxLineReader {
    private typealias Text = InfluxLine.Text

    private let text: UnsafeBufferPointer<UInt8>
    /// Where the line that was read last starts.
    private(set) var start = 0
    private var index = 0

    init(_ text: UnsafeBufferPointer<UInt8>) { self.text = text }

    /// Reads the next line into `line`, whose arrays keep their room; false at the end. After an error the next call goes on
    /// with the line after.
    mutating func next(_ line: inout InfluxLine) throws(InfluxLineError) -> Bool {
        skipToLine()
        // Nothing of the payload is left in it at the end.
        line.begin()
        guard index < text.count else { return false }
        start = index
        do throws(InfluxLineError) {
            try read(&line)
        } catch {
            while index < text.count, text[index] != 0x0A { index += 1 }
            throw error
        }
        guard ForeignName.isUTF8(Text(rebasing: text[start..<index])) else { throw error(.notUTF8, at: start) }
        return true
    }

    private mutating func read(_ line: inout InfluxLine) throws(InfluxLineError) {
        line.measurement = name(endsAtEquals: false)
        guard !line.measurement.isEmpty else { throw error(.missingMeasurement, at: start) }
        while skip(UInt8(ascii: ",")) {
            let at = index
            let key = name()
            guard !key.isEmpty, skip(UInt8(ascii: "=")) else { throw error(.badTag, at: at) }
            let value = name()
            guard !value.isEmpty, !isNext(UInt8(ascii: "=")) else { throw error(.badTag, at: at) }
            guard line.add(tag: key, value) else { throw error(.tooManyFields, at: at) }
        }
        guard skipBlanks() else { throw error(.missingFields, at: index) }
        repeat {
            let at = index
            let key = name()
            guard !key.isEmpty, skip(UInt8(ascii: "=")) else {
                throw error(at == index && line.fields.isEmpty ? .missingFields : .badField, at: at)
            }
            guard line.add(field: key, try value()) else { throw error(.tooManyFields, at: at) }
        } while skip(UInt8(ascii: ","))
        guard skipBlanks(), !isAtEndOfLine else {
            guard isAtEndOfLine else { throw error(.badField, at: index) }
            return
        }
        line.timestamp = try timestamp()
    }

    private mutating func timestamp() throws(InfluxLineError) -> Int64 {
        let at = index
        while index < text.count, !Self.isBlank(text[index]), text[index] != 0x0A, text[index] != 0x0D { index += 1 }
        guard let time = Self.integer(Text(rebasing: text[at..<index])) else { throw error(.badTimestamp, at: at) }
        _ = skipBlanks()
        guard isAtEndOfLine else { throw error(.badTimestamp, at: index) }
        return time
    }

    private mutating func value() throws(InfluxLineError) -> InfluxLine.Value {
        let at = index
        if skip(UInt8(ascii: "\"")) {
            while index < text.count, text[index] != UInt8(ascii: "\"") {
                index += text[index] == UInt8(ascii: "\\") ? 2 : 1
            }
            guard index < text.count else {
                index = text.count
                throw error(.unterminatedString, at: at)
            }
            defer { index += 1 }
            return .text(Text(rebasing: text[at + 1..<index]))
        }
        while index < text.count, text[index] != UInt8(ascii: ","), !Self.isBlank(text[index]),
            text[index] != 0x0A, text[index] != 0x0D
        {
            index += 1
        }
        let word = Text(rebasing: text[at..<index])
        guard let last = word.last else { throw error(.badField, at: at) }
        let front = Text(rebasing: word.dropLast())
        switch last {
        case UInt8(ascii: "i"):
            guard let number = Self.integer(front) else { throw error(.badNumber, at: at) }
            return .integer(number)
        case UInt8(ascii: "u"):
            guard let number = Self.unsigned(front) else { throw error(.badNumber, at: at) }
            return .unsigned(number)
        default: break
        }
        if let number = ScalarText.number(word) { return .number(number) }
        if let flag = Self.flag(word) { return .flag(flag) }
        throw error(.badNumber, at: at)
    }

    /// `t`, `T`, `true`, `True`, `TRUE` and their opposites.
    private static func flag(_ word: Text) -> Bool? {
        switch word.count {
        case 1:
            if word[0] | 0x20 == UInt8(ascii: "t") { return true }
            return word[0] | 0x20 == UInt8(ascii: "f") ? false : nil
        case 4: return ["true", "True", "TRUE"].contains { $0.utf8.elementsEqual(word) } ? true : nil
        case 5: return ["false", "False", "FALSE"].contains { $0.utf8.elementsEqual(word) } ? false : nil
        default: return nil
        }
    }

    private static func integer(_ text: Text) -> Int64? {
        guard let first = text.first else { return nil }
        guard first == UInt8(ascii: "-") else { return unsigned(text).flatMap { Int64(exactly: $0) } }
        guard let magnitude = unsigned(Text(rebasing: text.dropFirst())), magnitude <= Int64.min.magnitude else {
            return nil
        }
        return Int64(bitPattern: 0 &- magnitude)
    }

    private static func unsigned(_ text: Text) -> UInt64? {
        guard !text.isEmpty, text.count <= 20 else { return nil }
        var value: UInt64 = 0
        for index in 0..<min(text.count, 19) {
            let digit = text[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            // Nineteen nines are below 2^64.
            value = value &* 10 &+ UInt64(digit)
        }
        guard text.count == 20 else { return value }
        let digit = text[19] &- UInt8(ascii: "0")
        let (product, overflows) = value.multipliedReportingOverflow(by: 10)
        let (sum, carries) = product.addingReportingOverflow(UInt64(digit))
        return digit < 10 && !overflows && !carries ? sum : nil
    }

    /// A name up to a comma, a space or (but in measurements) an equals sign that is not escaped, or the end of the line.
    private mutating func name(endsAtEquals: Bool = true) -> Text {
        let from = index
        while index < text.count {
            switch text[index] {
            case 0x0A, UInt8(ascii: ","), UInt8(ascii: " "): return Text(rebasing: text[from..<index])
            case UInt8(ascii: "=") where endsAtEquals: return Text(rebasing: text[from..<index])
            // An escape at the very end of a line stands for itself.
            case UInt8(ascii: "\\") where index + 1 < text.count && text[index + 1] != 0x0A: index += 2
            default: index += 1
            }
        }
        return Text(rebasing: text[from..<index])
    }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard isNext(byte) else { return false }
        index += 1
        return true
    }

    private func isNext(_ byte: UInt8) -> Bool { index < text.count && text[index] == byte }

    private mutating func skipBlanks() -> Bool {
        let from = index
        while index < text.count, Self.isBlank(text[index]) { index += 1 }
        return index > from || isAtEndOfLine
    }

    private var isAtEndOfLine: Bool { index >= text.count || text[index] == 0x0A || text[index] == 0x0D }

    private mutating func skipToLine() {
        while index < text.count {
            switch text[index] {
            case 0x0A, 0x0D, 0x20, 0x09: index += 1
            case UInt8(ascii: "#"): while index < text.count, text[index] != 0x0A { index += 1 }
            default: return
            }
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 }

    private func error(_ reason: InfluxLineError.Reason, at offset: Int) -> InfluxLineError {
        InfluxLineError(reason: reason, offset: min(offset, text.count))
    }
}
