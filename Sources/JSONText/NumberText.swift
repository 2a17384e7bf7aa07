/// Numbers as JSON and Python write them.
public enum NumberText {
    /// As Python's `repr` of a float: shortest digits that read back the same, exponent from 1e16 and below 1e-4.
    /// Not finite: `null`.
    public static func append(_ value: Double, to bytes: inout [UInt8]) {
        guard value.isFinite else {
            bytes.append(contentsOf: "null".utf8)
            return
        }
        if let scaled = ScaledDecimal(value) {
            scaled.append(to: &bytes, keepingPoint: true)
        } else {
            appendShortest(value, to: &bytes)
        }
    }

    /// As `append`, but integral values up to 2^53 without a point.
    public static func appendShort(_ value: Double, to bytes: inout [UInt8]) {
        if let integer = Int64(exactly: value), integer.magnitude <= 1 << 53 {
            append(integer, to: &bytes)
        } else if let scaled = ScaledDecimal(value) {
            scaled.append(to: &bytes, keepingPoint: false)
        } else {
            append(value, to: &bytes)
        }
    }

    /// Appends the decimal digits, with a sign if it is negative.
    public static func append(_ value: Int64, to bytes: inout [UInt8]) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        append(value.magnitude, to: &bytes)
    }

    /// Appends the decimal digits, with a sign if it is negative.
    public static func append(_ value: UInt64, to bytes: inout [UInt8]) {
        append(value, to: &bytes, places: 0)
    }

    /// Appends the decimal digits of `value` with a point before the last `places`, in one stretch and without turning
    /// them round: numbers are most of what is written.
    static func append(_ value: UInt64, to bytes: inout [UInt8], places: Int) {
        var count = 1
        var bound: UInt64 = 10
        while count < 20, value >= bound {
            count += 1
            bound = count < 20 ? bound * 10 : .max
        }
        count = places > 0 ? max(count, places + 1) + 1 : count
        bytes.append(contentsOf: repeatElement(UInt8(ascii: "."), count: count))
        bytes.withUnsafeMutableBufferPointer { bytes in
            var rest = value
            for place in 0..<count where places == 0 || place != places {
                let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
                bytes[bytes.count - 1 - place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit)
                rest = quotient
            }
        }
    }

    /// Lays out the digits that the standard library finds the way Python does.
    private static func appendShortest(_ value: Double, to bytes: inout [UInt8]) {
        if value == 0 {
            bytes.append(contentsOf: (value.sign == .minus ? "-0.0" : "0.0").utf8)
            return
        }
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        var digits: [UInt8] = []
        var exponent = 0
        var pointAt: Int?
        var sawExponent = false
        var exponentSign = 1
        for byte in value.magnitude.description.utf8 {
            switch byte {
            case UInt8(ascii: "."): pointAt = digits.count
            case UInt8(ascii: "e"): sawExponent = true
            case UInt8(ascii: "-"): exponentSign = -1
            case UInt8(ascii: "+"): break
            default:
                if sawExponent {
                    exponent = exponent * 10 + Int(byte - UInt8(ascii: "0"))
                } else {
                    digits.append(byte)
                }
            }
        }
        // The value is 0.DIGITS times ten to the power `point`.
        var point = (pointAt ?? digits.count) + exponentSign * exponent
        while digits.count > 1, digits.last == UInt8(ascii: "0") { digits.removeLast() }
        let zeros = digits.prefix { $0 == UInt8(ascii: "0") }.count
        digits.removeFirst(zeros)
        point -= zeros
        layOut(digits, point: point, to: &bytes)
    }

    private static func layOut(_ digits: [UInt8], point: Int, to bytes: inout [UInt8]) {
        let zero = UInt8(ascii: "0")
        if point > 16 || point < -3 {
            bytes.append(digits[0])
            if digits.count > 1 {
                bytes.append(UInt8(ascii: "."))
                bytes.append(contentsOf: digits[1...])
            }
            bytes.append(UInt8(ascii: "e"))
            let exponent = point - 1
            bytes.append(UInt8(ascii: exponent < 0 ? "-" : "+"))
            if exponent.magnitude < 10 { bytes.append(zero) }
            append(UInt64(exponent.magnitude), to: &bytes)
        } else if point <= 0 {
            bytes.append(contentsOf: [zero, UInt8(ascii: ".")])
            bytes.append(contentsOf: repeatElement(zero, count: -point))
            bytes.append(contentsOf: digits)
        } else if point >= digits.count {
            bytes.append(contentsOf: digits)
            bytes.append(contentsOf: repeatElement(zero, count: point - digits.count))
            bytes.append(contentsOf: [UInt8(ascii: "."), zero])
        } else {
            bytes.append(contentsOf: digits[..<point])
            bytes.append(UInt8(ascii: "."))
            bytes.append(contentsOf: digits[point...])
        }
    }
}
