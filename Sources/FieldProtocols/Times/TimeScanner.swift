/// Reads the parts of a time from the front of a text.
struct TimeScanner {
    private let text: UnsafeBufferPointer<UInt8>
    private var index = 0

    init(_ text: UnsafeBufferPointer<UInt8>) { self.text = text }

    var isAtEnd: Bool { index == text.count }

    mutating func skip(_ mark: Unicode.Scalar) -> Bool {
        guard index < text.count, text[index] == UInt8(ascii: mark) else { return false }
        index += 1
        return true
    }

    /// Exactly `count` digits.
    mutating func digits(_ count: Int) -> Int64? {
        var value: Int64 = 0
        for _ in 0..<count {
            guard let digit = nextDigit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    /// The decimals of a second; nil if there is none.
    mutating func milliseconds() -> Int64? {
        var value: Int64 = 0
        var count = 0
        while let digit = nextDigit() {
            if count < 3 { value = value * 10 + digit }
            count += 1
        }
        guard count > 0 else { return nil }
        return count == 1 ? value * 100 : count == 2 ? value * 10 : value
    }

    /// `Z`, `+02:00`, `+0200`, `+02` or nothing.
    mutating func offsetMinutes() -> Int64? {
        if isAtEnd || skip("Z") || skip("z") { return 0 }
        let isNegative = skip("-")
        guard isNegative || skip("+"), let hours = digits(2), hours < 24 else { return nil }
        var minutes: Int64 = 0
        if skip(":") || !isAtEnd {
            guard let written = digits(2), written < 60 else { return nil }
            minutes = written
        }
        return (isNegative ? -1 : 1) * (hours * 60 + minutes)
    }

    private mutating func nextDigit() -> Int64? {
        guard index < text.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(text[index]) else { return nil }
        defer { index += 1 }
        return Int64(text[index] - UInt8(ascii: "0"))
    }
}
