/// Little-endian fields of packed structs. The caller has checked that the field lies inside.
extension UnsafeRawBufferPointer {
    func u16(at offset: Int) -> UInt16 { UInt16(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt16.self)) }
    func i16(at offset: Int) -> Int16 { Int16(bitPattern: u16(at: offset)) }
    func u32(at offset: Int) -> UInt32 { UInt32(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
    func f32(at offset: Int) -> Float { Float(bitPattern: u32(at: offset)) }
    func i8(at offset: Int) -> Int8 { Int8(bitPattern: self[offset]) }

    /// The text of a fixed field, up to its first zero byte.
    func text(at offset: Int, count: Int) -> String {
        let field = self[offset..<offset + count]
        return String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
    }
}

extension [UInt8] {
    mutating func append(littleEndian value: UInt16) {
        append(UInt8(truncatingIfNeeded: value))
        append(UInt8(truncatingIfNeeded: value >> 8))
    }

    mutating func append(littleEndian value: UInt32) {
        append(littleEndian: UInt16(truncatingIfNeeded: value))
        append(littleEndian: UInt16(truncatingIfNeeded: value >> 16))
    }
}
