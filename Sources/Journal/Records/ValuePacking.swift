internal import GatewayModel

/// Packs the values of one message: a tag of four bits for each, two to a byte, then what the tags call for.
///
/// | tag | value |
/// | --- | --- |
/// | 0 to 9 | number: zigzag varint divided by ten to the power of the tag |
/// | 10, 11 | number: IEEE 754 single, double |
/// | 12, 13 | flag: false, true |
/// | 14 | text: varint length, UTF-8 |
///
/// The shortest form is taken that gives back the number bit for bit.
enum ValuePacking {
    private static let single: UInt8 = 10
    private static let double: UInt8 = 11
    private static let no: UInt8 = 12
    private static let yes: UInt8 = 13
    private static let text: UInt8 = 14
    private static let powers: [Double] = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]

    static func append(_ readings: ArraySlice<Reading>, to bytes: inout [UInt8]) {
        let tags = bytes.count
        for _ in 0..<(readings.count + 1) / 2 { bytes.append(0) }
        var position = 0
        for reading in readings {
            let tag = append(reading.value, to: &bytes)
            bytes[tags + position / 2] |= position & 1 == 0 ? tag : tag << 4
            position += 1
        }
    }

    /// Calls `body` with the values in their order.
    ///
    /// - Returns: false if the bytes are not what `append` wrote.
    static func unpack(_ count: Int, from bytes: inout ByteReader, _ body: (Int, Reading.Value) -> Void) -> Bool {
        guard let tags = bytes.take((count + 1) / 2) else { return false }
        for position in 0..<count {
            let pair = bytes.bytes[tags.lowerBound + position / 2]
            guard let value = value(tag: position & 1 == 0 ? pair & 0xF : pair >> 4, from: &bytes) else { return false }
            body(position, value)
        }
        return !bytes.isBroken
    }

    private static func append(_ value: Reading.Value, to bytes: inout [UInt8]) -> UInt8 {
        switch value {
        case .number(let number): return append(number, to: &bytes)
        case .flag(let flag): return flag ? yes : no
        case .text(let string):
            bytes.appendText(string)
            return text
        }
    }

    private static func append(_ number: Double, to bytes: inout [UInt8]) -> UInt8 {
        let narrow = Float(number)
        let isSingle = Double(narrow).bitPattern == number.bitPattern
        if let decimal = decimal(number, sizeMax: isSingle ? 4 : 7) {
            bytes.appendVarint(decimal.zigzag)
            return decimal.scale
        }
        if isSingle {
            bytes.appendFixed(narrow.bitPattern)
            return single
        }
        bytes.appendFixed(number.bitPattern)
        return double
    }

    /// The number as a whole number over a power of ten, if dividing them gives it back exactly. Both are exact as
    /// doubles, so the quotient is the correctly rounded one, as it is when the decimal text is parsed.
    private static func decimal(_ number: Double, sizeMax: Int) -> (scale: UInt8, zigzag: UInt64)? {
        // Minus zero is a number of its own, which no mantissa can say.
        guard number != 0 || number.sign == .plus else { return nil }
        for scale in 0..<10 {
            let mantissa = (number * powers[scale]).rounded()
            // Far below 2^53: the mantissa of seven varint bytes has 48 bits and a sign.
            guard mantissa.magnitude < 281_474_976_710_656 else { return nil }
            guard (mantissa / powers[scale]).bitPattern == number.bitPattern else { continue }
            let whole = Int64(mantissa)
            let zigzag = UInt64(bitPattern: (whole << 1) ^ (whole >> 63))
            return varintSize(zigzag) <= sizeMax ? (UInt8(scale), zigzag) : nil
        }
        return nil
    }

    private static func value(tag: UInt8, from bytes: inout ByteReader) -> Reading.Value? {
        switch tag {
        case 0...9: .number(Double(bytes.zigzag()) / powers[Int(tag)])
        case single: .number(Double(Float(bitPattern: bytes.fixed32())))
        case double: .number(Double(bitPattern: bytes.fixed64()))
        case no: .flag(false)
        case yes: .flag(true)
        case text: .text(bytes.text())
        default: nil
        }
    }
}
