internal import Glibc

/// Consistent overhead byte stuffing with 254-byte blocks: no zero byte inside, so that zero can delimit.
public enum COBS {
    /// Data bytes one code byte can announce.
    private static let blockMax = 254

    /// The most bytes `encode` can append for `rawCount` bytes, the firmware's redundant final code included.
    public static func encodedCountMax(rawCount: Int) -> Int { rawCount + rawCount / blockMax + 1 }

    /// Decodes one frame without its delimiter and returns the number of bytes written, or nil if the text is not COBS:
    /// a zero byte anywhere, or a code that points past the end.
    ///
    /// Accepts the redundant final `0x01` that firmware encoders emit after a full last block, and its absence.
    /// - Parameter output: at least `encoded.count` bytes; may not overlap `encoded`.
    public static func decode(_ encoded: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int? {
        guard let source = encoded.baseAddress, let target = output.baseAddress, output.count >= encoded.count,
            memchr(source, 0, encoded.count) == nil
        else { return nil }
        return decodeZeroFree(source, count: encoded.count, into: target)
    }

    /// As `decode`, for bytes known to hold no zero and a target known to be large enough.
    static func decodeZeroFree(
        _ source: UnsafeRawPointer, count: Int, into target: UnsafeMutableRawPointer
    ) -> Int? {
        var read = 0
        var written = 0
        while read < count {
            let code = Int(source.load(fromByteOffset: read, as: UInt8.self))
            let next = read + code
            guard next <= count else { return nil }
            memcpy(target + written, source + read + 1, code - 1)
            written += code - 1
            read = next
            if code <= blockMax && read < count {
                target.storeBytes(of: 0, toByteOffset: written, as: UInt8.self)
                written += 1
            }
        }
        return written
    }

    /// Whether the codes lead exactly to the end: what `decode` would accept, without the work of copying.
    static func isWellFormedZeroFree(_ source: UnsafeRawPointer, count: Int) -> Bool {
        var read = 0
        while read < count { read += Int(source.load(fromByteOffset: read, as: UInt8.self)) }
        return read == count
    }

    /// Appends the encoded form of `raw`, as firmware does it: with a redundant final `0x01` after a full last block,
    /// without a delimiter.
    public static func encode(_ raw: some Collection<UInt8>, appendingTo output: inout [UInt8]) {
        output.reserveCapacity(output.count + encodedCountMax(rawCount: raw.count))
        var codeIndex = output.count
        output.append(1)
        for byte in raw {
            if byte == 0 {
                codeIndex = output.count
                output.append(1)
                continue
            }
            output.append(byte)
            output[codeIndex] += 1
            if output[codeIndex] == 0xFF {
                codeIndex = output.count
                output.append(1)
            }
        }
    }
}
