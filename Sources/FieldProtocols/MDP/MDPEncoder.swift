/// Builds frames for the wire.
public enum MDPEncoder {
    /// The frame with its delimiter.
    public static func encode(_ header: MDPHeader, payload: some Collection<UInt8>) -> [UInt8] {
        var raw: [UInt8] = []
        raw.reserveCapacity(MDPLimits.headerCount + payload.count + MDPLimits.checksumCount)
        header.append(to: &raw)
        raw.append(contentsOf: payload)
        raw.append(littleEndian: raw.withUnsafeBytes { CRC16.of($0) })
        var wire: [UInt8] = []
        COBS.encode(raw, appendingTo: &wire)
        wire.append(0)
        return wire
    }

    /// A frame that the receive loop of a board will not throw away, and the sequence number it took.
    public struct HostFrame: Sendable, Equatable {
        /// The number it took, and the bytes with their delimiter.
        public var seq: UInt32
        public var wire: [UInt8]
    }

    /// Spaces tried for one sequence number before the next number is taken.
    private static let paddingMax = 64
    private static let numbersMax = 64
    /// Bytes of a payload that boards take.
    private static let countMax = MDPLimits.firmwareRawCountMax - MDPLimits.headerCount - MDPLimits.checksumCount

    /// Encodes a frame to a board whose stuffed bytes hold neither LF nor CR.
    ///
    /// Boards clear their buffer on either byte, because the same port takes typed commands (reference, section 1.8).
    /// A number whose own bytes are in the way is skipped; a checksum or code byte is moved by spaces after the JSON, or
    /// by another number where there is none.
    /// - Parameter payload: JSON text; line breaks between its tokens are replaced by spaces. Or nothing.
    /// - Returns: nil if the payload is too long for a board, or the header holds such a byte outside its number.
    public static func encodeAvoidingNewlines(_ header: MDPHeader, payload: some Collection<UInt8>) -> HostFrame? {
        var text = payload.map { isNewline($0) ? UInt8(ascii: " ") : $0 }
        let count = text.count
        guard count <= countMax else { return nil }
        var header = header
        for _ in 0..<numbersMax {
            header.seq = numberWithoutNewline(from: header.seq)
            for padding in 0...(count == 0 ? 0 : min(paddingMax, countMax - count)) {
                if padding > 0 { text.append(UInt8(ascii: " ")) }
                let wire = encode(header, payload: text)
                if !wire.contains(where: isNewline) { return HostFrame(seq: header.seq, wire: wire) }
            }
            text.removeSubrange(count...)
            header.seq = header.seq &+ 1
        }
        return nil
    }

    /// Encodes a frame as it is; nil if the payload is too long for a board.
    static func encodeAsItIs(_ header: MDPHeader, payload: [UInt8]) -> HostFrame? {
        guard payload.count <= countMax else { return nil }
        return HostFrame(seq: header.seq, wire: encode(header, payload: payload))
    }

    private static func isNewline(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

    /// The first number from `seq` on without LF or CR among its four bytes.
    static func numberWithoutNewline(from seq: UInt32) -> UInt32 {
        for shift in stride(from: UInt32(24), through: 0, by: -8)
        where isNewline(UInt8(truncatingIfNeeded: seq >> shift)) {
            let raised = (seq >> shift + 1) << shift
            // The bytes below are zero now and the raised byte is 11 or 14: nothing can be in the way any more.
            return raised
        }
        return seq
    }
}
