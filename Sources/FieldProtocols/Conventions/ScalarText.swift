internal import GatewayModel

/// Values that stand alone as text: a whole payload, or what is left of a line.
enum ScalarText {
    /// A number, a switch or a text; nil if it is empty, too long, no UTF-8, or a number that is not finite.
    static func value(_ bytes: UnsafeBufferPointer<UInt8>) -> Reading.Value? {
        let text = trimmed(bytes)
        if let number = number(text) { return .number(number) }
        if let flag = flag(text) { return .flag(flag) }
        guard !text.isEmpty, text.count <= TelemetryDecoder.textByteCountMax, ForeignName.isUTF8(text),
            !isNotFinite(text), text.allSatisfy({ $0 >= 0x20 })
        else { return nil }
        return .text(String(decoding: text, as: UTF8.self))
    }

    /// `ON`, `true`, `yes` and their opposites, in any case; `1` and `0` are numbers.
    static func flag(_ text: UnsafeBufferPointer<UInt8>) -> Bool? {
        switch text.count {
        case 2: if equals(text, "on") { return true } else if equals(text, "no") { return false }
        case 3: if equals(text, "off") { return false } else if equals(text, "yes") { return true }
        case 4: if equals(text, "true") { return true }
        case 5: if equals(text, "false") { return false }
        default: break
        }
        return nil
    }

    /// A finite decimal number: `21.4`, `-3`, `+1e-3`. No hexadecimal, no `nan`, nothing behind it.
    static func number(_ text: UnsafeBufferPointer<UInt8>) -> Double? {
        guard !text.isEmpty, text.count <= 64 else { return nil }
        var index = 0
        let isNegative = text[0] == UInt8(ascii: "-")
        if isNegative || text[0] == UInt8(ascii: "+") { index = 1 }
        var digits: UInt64 = 0
        var digitCount = 0
        var places = 0
        var sawPoint = false
        while index < text.count {
            let byte = text[index]
            if byte == UInt8(ascii: "."), !sawPoint {
                sawPoint = true
            } else if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
                digitCount += 1
                if digitCount <= 18 { digits = digits * 10 + UInt64(byte - UInt8(ascii: "0")) }
                if sawPoint { places += 1 }
            } else {
                break
            }
            index += 1
        }
        guard digitCount > 0 else { return nil }
        // Exact: both are below 2^53 and 10^22, and the division rounds once, as reading the text would.
        if index == text.count, digitCount <= 15, places < powers.count {
            let value = Double(digits) / powers[places]
            return isNegative ? -value : value
        }
        return slowNumber(text, from: index)
    }

    /// As above.
    static func number(_ text: UnsafeRawBufferPointer) -> Double? {
        text.withMemoryRebound(to: UInt8.self) { number($0) }
    }

    /// Without white space around it.
    static func trimmed(_ bytes: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        var range = bytes.startIndex..<bytes.endIndex
        while let first = range.first, isBlank(bytes[first]) { range = first + 1..<range.upperBound }
        while let last = range.last, isBlank(bytes[last]) { range = range.lowerBound..<last }
        return UnsafeBufferPointer(rebasing: bytes[range])
    }

    /// Whether this is `nan`, `inf` or the like: a number that cannot be stored, and no word.
    static func isNotFinite(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var rest = text
        if let first = rest.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") {
            rest = UnsafeBufferPointer(rebasing: rest.dropFirst())
        }
        return equals(rest, "nan") || equals(rest, "inf") || equals(rest, "infinity")
    }

    /// Whether `text` is `word`, letter by letter.
    static func isExactly(_ text: UnsafeBufferPointer<UInt8>, _ word: StaticString) -> Bool {
        guard text.count == word.utf8CodeUnitCount else { return false }
        for index in text.indices where text[index] != word.utf8Start[index] { return false }
        return true
    }

    /// Whether `text` is `word`, which is written in lower case, in any case.
    static func equals(_ text: UnsafeBufferPointer<UInt8>, _ word: StaticString) -> Bool {
        guard text.count == word.utf8CodeUnitCount else { return false }
        for index in text.indices {
            let byte = text[index]
            let lower = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
            if lower != word.utf8Start[index] { return false }
        }
        return true
    }

    private static let powers: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ]

    /// Many digits or an exponent: the standard library reads them. `index` is where the mantissa ended.
    private static func slowNumber(_ text: UnsafeBufferPointer<UInt8>, from index: Int) -> Double? {
        var at = index
        if at < text.count {
            guard text[at] | 0x20 == UInt8(ascii: "e") else { return nil }
            at += 1
            if at < text.count, text[at] == UInt8(ascii: "-") || text[at] == UInt8(ascii: "+") { at += 1 }
            guard at < text.count, text[at...].allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
            else { return nil }
        }
        guard let value = Double(String(decoding: text, as: UTF8.self)), value.isFinite else { return nil }
        return value
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
