/// Wall-clock times as text: RFC 3339, and what devices take for it.
public enum RFC3339 {
    /// 0001-01-01 to 9999-12-31, the years that the text can carry.
    public static let milliseconds: ClosedRange<Int64> = -62_135_596_800_000...253_402_300_799_999

    /// `2026-01-15T14:30:00.123Z`; times outside `milliseconds` are clamped.
    public static func text(_ milliseconds: Int64) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(24)
        append(milliseconds, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the 24 bytes of `text(_:)`.
    public static func append(_ milliseconds: Int64, to bytes: inout [UInt8]) {
        let clamped = min(max(milliseconds, Self.milliseconds.lowerBound), Self.milliseconds.upperBound)
        let (days, millisecond) = clamped.flooredDivision(by: 86_400_000)
        let date = CivilDate(daysSinceEpoch: days)
        append(date.year, digits: 4, before: "-", to: &bytes)
        append(date.month, digits: 2, before: "-", to: &bytes)
        append(date.day, digits: 2, before: "T", to: &bytes)
        append(millisecond / 3_600_000, digits: 2, before: ":", to: &bytes)
        append(millisecond / 60_000 % 60, digits: 2, before: ":", to: &bytes)
        append(millisecond / 1000 % 60, digits: 2, before: ".", to: &bytes)
        append(millisecond % 1000, digits: 3, before: "Z", to: &bytes)
    }

    /// Unix milliseconds of `text`; nil if it is no time.
    ///
    /// Also taken: a space instead of `T`, any number of decimals, a missing offset (meaning UTC), `+0200`, seconds
    /// missing. Digits below the millisecond are cut off.
    public static func milliseconds(of text: String) -> Int64? {
        var text = text
        return text.withUTF8 { milliseconds(utf8: $0) }
    }

    /// As `milliseconds(of:)`, from the bytes of the text.
    public static func milliseconds(utf8 text: UnsafeBufferPointer<UInt8>) -> Int64? {
        var scanner = TimeScanner(text)
        guard text.count <= 64, let year = scanner.digits(4), scanner.skip("-"), let month = scanner.digits(2),
            scanner.skip("-"), let day = scanner.digits(2),
            let date = CivilDate(year: year, month: month, day: day),
            scanner.skip("T") || scanner.skip("t") || scanner.skip(" "),
            let hour = scanner.digits(2), hour < 24, scanner.skip(":"), let minute = scanner.digits(2), minute < 60
        else { return nil }
        var second: Int64 = 0
        var millisecond: Int64 = 0
        if scanner.skip(":") {
            // 60 is a leap second: it becomes the first of the next minute.
            guard let written = scanner.digits(2), written <= 60 else { return nil }
            second = written
            if scanner.skip(".") || scanner.skip(",") {
                guard let fraction = scanner.milliseconds() else { return nil }
                millisecond = fraction
            }
        }
        guard let offset = scanner.offsetMinutes(), scanner.isAtEnd else { return nil }
        let minutes = date.daysSinceEpoch * 1440 + hour * 60 + minute - offset
        return minutes * 60_000 + second * 1000 + millisecond
    }

    /// Whether a text that is a time says of which zone: it ends in `Z` or an offset.
    public static func hasZone(utf8 text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let last = text.last, text.count > 11 else { return false }
        if last | 0x20 == UInt8(ascii: "z") { return true }
        // A sign behind the date is that of an offset.
        return text[11...].contains { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }
    }

    private static func append(_ value: Int64, digits: Int, before mark: Unicode.Scalar, to bytes: inout [UInt8]) {
        var divisor: Int64 = digits == 4 ? 1000 : digits == 3 ? 100 : 10
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / divisor % 10))
            divisor /= 10
        }
        bytes.append(UInt8(ascii: mark))
    }
}

extension Int64 {
    /// Quotient rounded down and the remainder, never negative; `divisor` is positive.
    func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
