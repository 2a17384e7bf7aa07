internal import COpenSSL

/// AES with a 128-bit key over single blocks (FIPS 197), and the CMAC made of it (RFC 4493): what LoRaWAN is made of.
///
/// One key serves one thread at a time: libcrypto keeps its schedule in it.
public final class AES128 {
    /// Sixteen bytes in their order.
    public typealias Block = SIMD16<UInt8>

    /// Bytes of a key and of a block.
    public static let byteCount = 16

    private let context: OpaquePointer
    /// What the last block of a CMAC is masked with: a whole one, and one that is filled up.
    private let whole: Block
    private let filled: Block

    /// Nil unless `key` has 16 bytes.
    public init?(key: [UInt8]) {
        guard key.count == Self.byteCount, let context = EVP_CIPHER_CTX_new() else { return nil }
        self.context = context
        guard EVP_EncryptInit_ex(context, EVP_aes_128_ecb(), nil, key, nil) == 1 else {
            EVP_CIPHER_CTX_free(context)
            return nil
        }
        EVP_CIPHER_CTX_set_padding(context, 0)
        var block = Block()
        withUnsafeMutableBytes(of: &block) { Self.encrypt($0, context) }
        whole = Self.doubled(block)
        filled = Self.doubled(whole)
    }

    deinit { EVP_CIPHER_CTX_free(context) }

    /// Encrypts each of `blocks` in place.
    public func encrypt(_ blocks: UnsafeMutableBufferPointer<Block>) {
        Self.encrypt(UnsafeMutableRawBufferPointer(blocks), context)
    }

    /// The CMAC of `message`.
    public func authenticationCode(of message: UnsafeRawBufferPointer) -> Block {
        var state = Block()
        var rest = message
        while rest.count > Self.byteCount {
            state ^= rest.loadUnaligned(as: Block.self)
            withUnsafeMutableBytes(of: &state) { Self.encrypt($0, context) }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(Self.byteCount))
        }
        let isWhole = rest.count == Self.byteCount
        var last = Block()
        withUnsafeMutableBytes(of: &last) { last in
            last.copyMemory(from: rest)
            if !isWhole { last[rest.count] = 0x80 }
        }
        state ^= last ^ (isWhole ? whole : filled)
        withUnsafeMutableBytes(of: &state) { Self.encrypt($0, context) }
        return state
    }

    private static func encrypt(_ blocks: UnsafeMutableRawBufferPointer, _ context: OpaquePointer) {
        let bytes = blocks.bindMemory(to: UInt8.self).baseAddress
        var count: Int32 = 0
        // Whole blocks without padding cannot fail.
        _ = EVP_EncryptUpdate(context, bytes, &count, bytes, Int32(blocks.count))
    }

    /// Times x in GF(2^128), as RFC 4493 makes its two masks.
    private static func doubled(_ block: Block) -> Block {
        var result = block
        for index in block.indices {
            let carry = index + 1 < byteCount ? block[index + 1] >> 7 : 0
            result[index] = block[index] << 1 | carry
        }
        if block[0] & 0x80 != 0 { result[byteCount - 1] ^= 0x87 }
        return result
    }
}
