/// One frame, decoded. Header by value; body and payload are borrowed and valid only while their source says so.
public struct MDPFrame {
    /// Who says what to whom.
    public var header: MDPHeader
    /// Header and payload as they were before stuffing: what a duplicate is told by.
    public var body: UnsafeRawBufferPointer

    /// Possibly empty.
    public var payload: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: body[MDPLimits.headerCount...]) }
    public var rawCount: Int { body.count + MDPLimits.checksumCount }

    /// Checks and reads `raw`: body and checksum, already unstuffed.
    public init(raw: UnsafeRawBufferPointer) throws(MDPError) {
        guard raw.count <= MDPLimits.rawCountMax else { throw .oversized }
        guard raw.count > MDPLimits.checksumCount else { throw .tooShort }
        let body = UnsafeRawBufferPointer(rebasing: raw[..<(raw.count - MDPLimits.checksumCount)])
        guard CRC16.of(body) == raw.u16(at: body.count) else { throw .crcMismatch }
        header = try MDPHeader(body)
        self.body = body
    }

    /// Decodes one stuffed frame without its delimiter; the frame points into `scratch`.
    /// - Parameter scratch: at least `encoded.count` bytes.
    public init(
        encoded: UnsafeRawBufferPointer, scratch: UnsafeMutableRawBufferPointer
    ) throws(MDPError) {
        guard encoded.count <= MDPLimits.encodedCountMax else { throw .oversized }
        guard let count = COBS.decode(encoded, into: scratch) else { throw .stuffingBroken }
        try self.init(raw: UnsafeRawBufferPointer(rebasing: scratch[..<count]))
    }
}
