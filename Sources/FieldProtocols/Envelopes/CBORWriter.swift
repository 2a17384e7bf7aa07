/// Writes deterministic CBOR; the caller puts keys in ascending order.
struct CBORWriter {
    private(set) var bytes: [UInt8] = []

    mutating func unsigned(_ value: UInt64) { head(.unsigned, value) }

    mutating func integer(_ value: Int64) {
        if value < 0 { head(.negative, UInt64(~value)) } else { head(.unsigned, UInt64(value)) }
    }

    mutating func byteString(_ value: [UInt8]) {
        head(.bytes, UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    mutating func text(_ value: String) {
        head(.text, UInt64(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    mutating func array(_ count: Int) { head(.array, UInt64(count)) }
    mutating func map(_ count: Int) { head(.map, UInt64(count)) }

    /// A piece that is CBOR already.
    mutating func raw(_ piece: some Sequence<UInt8>) { bytes.append(contentsOf: piece) }

    private mutating func head(_ major: CBORReader.Major, _ argument: UInt64) {
        let type = major.rawValue << 5
        switch argument {
        case 0..<24: bytes.append(type | UInt8(argument))
        case 24...0xFF: append(type | 24, argument, width: 1)
        case 0x100...0xFFFF: append(type | 25, argument, width: 2)
        case 0x1_0000...0xFFFF_FFFF: append(type | 26, argument, width: 4)
        default: append(type | 27, argument, width: 8)
        }
    }

    private mutating func append(_ first: UInt8, _ argument: UInt64, width: Int) {
        bytes.append(first)
        for position in stride(from: width - 1, through: 0, by: -1) {
            bytes.append(UInt8(truncatingIfNeeded: argument >> UInt64(position * 8)))
        }
    }
}
