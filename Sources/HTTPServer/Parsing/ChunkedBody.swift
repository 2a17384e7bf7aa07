/// Decodes a chunked body (RFC 9112, section 7.1) as its bytes come in. Extensions and trailers are read and dropped.
struct ChunkedBody {
    private enum Place {
        case size(digits: Int)
        case sizeExtension
        case sizeEnd
        case bytes
        case bytesCR
        case bytesLF
        /// In a trailer line of which `length` bytes have come.
        case trailer(length: Int)
        case trailerEnd(length: Int)
        case done
    }

    private var place = Place.size(digits: 0)
    private var chunkRest = 0
    /// Bytes of sizes, extensions and trailers still allowed: framing shall not outweigh the body for ever.
    private var overheadRest: Int
    private let limit: Int

    /// A body of at most `limit` bytes.
    init(limit: Int) {
        self.limit = limit
        overheadRest = 16 * 1024 + limit
    }

    var isDone: Bool {
        if case .done = place { return true }
        return false
    }

    /// Decodes as much of `bytes` as belongs to the body, appends it and returns how many bytes were used.
    mutating func decode(_ bytes: ArraySlice<UInt8>, into body: inout [UInt8]) throws(Refusal) -> Int {
        var index = bytes.startIndex
        while index < bytes.endIndex, !isDone {
            if case .bytes = place {
                let count = min(chunkRest, bytes.endIndex - index)
                body.append(contentsOf: bytes[index..<index + count])
                index += count
                chunkRest -= count
                if chunkRest == 0 { place = .bytesCR }
                continue
            }
            overheadRest -= 1
            if overheadRest < 0 { throw .malformed("the chunks of the body are mostly framing") }
            place = try next(bytes[index], bodyCount: body.count)
            index += 1
        }
        return index - bytes.startIndex
    }

    private mutating func next(_ byte: UInt8, bodyCount: Int) throws(Refusal) -> Place {
        switch (place, byte) {
        case (.size(let digits), _):
            if let value = PercentEncoding.hexValue(byte) {
                guard digits < 15 else { throw .bodyTooLarge }
                chunkRest = chunkRest << 4 | Int(value)
                guard chunkRest <= limit - bodyCount else { throw .bodyTooLarge }
                return .size(digits: digits + 1)
            }
            guard digits > 0 else { throw .malformed("a chunk has no size") }
            if byte == 0x0D { return .sizeEnd }
            guard byte == UInt8(ascii: ";") || byte == 0x20 || byte == 0x09 else { throw .malformed("bad chunk size") }
            return .sizeExtension
        case (.sizeExtension, 0x0D): return .sizeEnd
        case (.sizeExtension, 0x0A): throw .malformed("bare LF in a chunk size")
        case (.sizeExtension, _): return .sizeExtension
        case (.sizeEnd, 0x0A): return chunkRest == 0 ? .trailer(length: 0) : .bytes
        case (.bytesCR, 0x0D): return .bytesLF
        case (.bytesLF, 0x0A): return .size(digits: 0)
        case (.trailer(let length), 0x0D): return .trailerEnd(length: length)
        case (.trailer, 0x0A): throw .malformed("bare LF in a trailer")
        case (.trailer(let length), _): return .trailer(length: length + 1)
        case (.trailerEnd(let length), 0x0A): return length == 0 ? .done : .trailer(length: 0)
        default: throw .malformed("a chunk does not end where it says")
        }
    }
}
