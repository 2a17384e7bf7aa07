internal import CZstd

final class ZstdEncoder: PieceEncoder {
    /// Fast, and close to the best ratio for lines of JSON.
    private static let level: Int32 = 3

    private let context: OpaquePointer

    init() throws(CompressionError) {
        guard let context = ZSTD_createCCtx() else { throw .outOfMemory }
        self.context = context
        // Fails for levels out of range only.
        _ = ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Self.level)
    }

    deinit { ZSTD_freeCCtx(context) }

    func encode(
        _ bytes: UnsafeRawBufferPointer, _ directive: PieceDirective, to output: inout [UInt8]
    ) throws(CompressionError) {
        let end: ZSTD_EndDirective =
            switch directive {
            case .more: ZSTD_e_continue
            case .flush: ZSTD_e_flush
            case .finish: ZSTD_e_end
            }
        var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
        var left = 1
        while directive == .more ? input.pos < input.size : left != 0 {
            left = PieceRoom.lend(to: &output) { room in
                var piece = ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
                let left = ZSTD_compressStream2(context, &piece, &input, end)
                return (left, piece.pos)
            }
            if ZSTD_isError(left) != 0 { throw .outOfMemory }
        }
    }
}

enum ZstdDecoder {
    /// Frames that would need more memory for their window are refused: 8 MiB.
    private static let windowLogMax: Int32 = 23

    static func decode(_ bytes: UnsafeRawBufferPointer, byteCountMax: Int) throws(CompressionError) -> [UInt8] {
        guard let context = ZSTD_createDCtx() else { throw .outOfMemory }
        defer { ZSTD_freeDCtx(context) }
        _ = ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, windowLogMax)
        var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
        var output: [UInt8] = []
        var left = 1
        while left != 0 || input.pos < input.size {
            let before = (input.pos, output.count)
            left = PieceRoom.lend(to: &output) { room in
                var piece = ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
                let left = ZSTD_decompressStream(context, &piece, &input)
                return (left, piece.pos)
            }
            if ZSTD_isError(left) != 0 { throw .malformed }
            guard output.count <= byteCountMax else { throw .tooLarge }
            if before == (input.pos, output.count) { throw .malformed }
        }
        return output
    }
}
