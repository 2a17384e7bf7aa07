internal import Crypto

extension OBPFrame {
    /// How long the message is that `bytes` begin with; nil while its header is incomplete.
    public static func byteCount(_ bytes: UnsafeRawBufferPointer) throws(OBPError) -> Int? {
        for index in 0..<min(2, bytes.count) where bytes[index] != start[index] { throw .badMagic }
        guard bytes.count >= headerByteCount else { return nil }
        // Older firmware says 0x1000; 0x2000 has the same frame around other message numbers.
        guard [0x1000, 0x1100, 0x2000].contains(bytes.u16(at: 2)) else { throw .unsupportedVersion }
        guard let remaining = Int(exactly: bytes.u32(at: 40)), remaining <= remainingMax else { throw .oversized }
        guard remaining >= trailerByteCount, Int(bytes[23]) <= immediateByteCountMax,
            bytes[23] == 0 || remaining == trailerByteCount
        else { throw .lengthMismatch }
        guard Checksum(rawValue: bytes[22]) != nil else { throw .badChecksumType }
        return headerByteCount + remaining
    }

    /// Decodes one message, which `bytes` hold from the first to the last.
    public init(_ bytes: UnsafeRawBufferPointer) throws(OBPError) {
        guard let count = try Self.byteCount(bytes), bytes.count >= count else { throw .tooShort }
        guard bytes[count - 4..<count].elementsEqual(Self.footer) else { throw .badFooter }
        guard let checksum = Checksum(rawValue: bytes[22]) else { throw .badChecksumType }
        let secured = UnsafeRawBufferPointer(rebasing: bytes[..<(count - Self.trailerByteCount)])
        if checksum == .md5 {
            let digest = bytes[secured.count..<secured.count + MD5.byteCount]
            guard digest.elementsEqual(MD5.hash(secured)) else { throw .checksumMismatch }
        }
        self.init(
            type: bytes.u32(at: 8), flags: Flags(rawValue: bytes.u16(at: 4)), error: bytes.u16(at: 6),
            regarding: bytes.u32(at: 12), checksum: checksum, immediate: Array(bytes[24..<24 + Int(bytes[23])]),
            payload: Array(secured[Self.headerByteCount...]), version: bytes.u16(at: 2))
    }
}
