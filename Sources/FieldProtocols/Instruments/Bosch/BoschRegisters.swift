/// The calibration registers of a sensor: 23 bytes from 0x8A, 14 from 0xE1, 5 from 0x00, in this order.
public struct BoschRegisters: Sendable, Equatable {
    public static let lowByteCount = 23
    public static let highByteCount = 14
    public static let heaterByteCount = 5
    /// Of the three blocks together.
    public static let byteCount = lowByteCount + highByteCount + heaterByteCount

    private let bytes: [UInt8]

    /// The three blocks, one after the other.
    public init(_ bytes: [UInt8]) throws(BoschError) {
        guard bytes.count == Self.byteCount else { throw .wrongLength }
        self.bytes = bytes
    }

    func u8(_ position: Int) -> Int { Int(bytes[position]) }
    func i8(_ position: Int) -> Int { Int(Int8(bitPattern: bytes[position])) }
    func u16(_ position: Int) -> Int { Int(bytes[position + 1]) << 8 | Int(bytes[position]) }
    func i16(_ position: Int) -> Int { Int(Int16(truncatingIfNeeded: u16(position))) }

    /// Twelve bits: the byte above, and the upper or the lower half of the byte at `shared`.
    func u12(above: Int, shared: Int, isUpperHalf: Bool) -> Int {
        Int(bytes[above]) << 4 | Int(isUpperHalf ? bytes[shared] >> 4 : bytes[shared] & 0x0F)
    }

    func i12(above: Int, shared: Int, isUpperHalf: Bool) -> Int {
        let value = u12(above: above, shared: shared, isUpperHalf: isUpperHalf)
        return value > 2_047 ? value - 4_096 : value
    }
}
