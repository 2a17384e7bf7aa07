internal import CZlib

/// `deflateInit2` and `inflateInit2` are macros: the version and size they pass are passed here.
private let gzipWindowBits = MAX_WBITS + 16

final class GzipEncoder: PieceEncoder {
    // zlib keeps the address of its stream, so the stream must never move.
    private let stream: UnsafeMutablePointer<z_stream>

    init() throws(CompressionError) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let status = deflateInit2_(
            stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzipWindowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        if status != Z_OK { throw .outOfMemory }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    func encode(
        _ bytes: UnsafeRawBufferPointer, _ directive: PieceDirective, to output: inout [UInt8]
    ) throws(CompressionError) {
        let flush =
            switch directive {
            case .more: Z_NO_FLUSH
            case .flush: Z_SYNC_FLUSH
            case .finish: Z_FINISH
            }
        guard let count = UInt32(exactly: bytes.count) else { throw .tooLarge }
        stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.assumingMemoryBound(to: UInt8.self).baseAddress)
        stream.pointee.avail_in = count
        var status = Z_OK
        repeat {
            status = PieceRoom.lend(to: &output) { room in
                stream.pointee.next_out = room.baseAddress
                stream.pointee.avail_out = UInt32(room.count)
                let status = deflate(stream, flush)
                return (status, room.count - Int(stream.pointee.avail_out))
            }
            // Z_BUF_ERROR only says that there was nothing to do.
            guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else { throw .outOfMemory }
        } while stream.pointee.avail_out == 0
        if directive == .finish, status != Z_STREAM_END { throw .malformed }
    }
}

enum GzipDecoder {
    static func decode(_ bytes: UnsafeRawBufferPointer, byteCountMax: Int) throws(CompressionError) -> [UInt8] {
        guard let count = UInt32(exactly: bytes.count) else { throw .tooLarge }
        var stream = z_stream()
        guard inflateInit2_(&stream, gzipWindowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw .outOfMemory
        }
        defer { inflateEnd(&stream) }
        stream.next_in = UnsafeMutablePointer(mutating: bytes.assumingMemoryBound(to: UInt8.self).baseAddress)
        stream.avail_in = count
        var output: [UInt8] = []
        while true {
            let status = PieceRoom.lend(to: &output) { room in
                stream.next_out = room.baseAddress
                stream.avail_out = UInt32(room.count)
                let status = inflate(&stream, Z_NO_FLUSH)
                return (status, room.count - Int(stream.avail_out))
            }
            guard output.count <= byteCountMax else { throw .tooLarge }
            switch status {
            case Z_STREAM_END where stream.avail_in == 0: return output
            // Members may follow each other (RFC 1952, section 2.2).
            case Z_STREAM_END: if inflateReset(&stream) != Z_OK { throw .malformed }
            case Z_OK: break
            case Z_MEM_ERROR: throw .outOfMemory
            default: throw .malformed
            }
        }
    }
}
