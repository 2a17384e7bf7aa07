internal import COpenSSL

/// AES with a 128-bit key over single blocks (FIPS 197), and the CMAC made of it (RFC 4493): what LoRaWAN is made of.
///
/// One key serves one thread at a time: libcrypto keeps its schedule in it.
public final class AES128 {
    /// Bytes of a key and of a block.
    public static let byteCount = 16

    private let context: OpaquePointer
    private let first: [UInt8]
    private let second: [UInt8]

    /// Nil unless `key` has 16 bytes.
    public init?(key: [UInt8]) {
        guard key.count == Self.byteCount, let context = EVP_CIPHER_CTX_new() else { return nil }
        self.context = context
        guard EVP_EncryptInit_ex(context, EVP_aes_128_ecb(), nil, key, nil) == 1 else {
            EVP_CIPHER_CTX_free(context)
            return nil
        }
        EVP_CIPHER_CTX_set_padding(context, 0)
        var block = [UInt8](repeating: 0, count: Self.byteCount)
        Self.encrypt(&block, context)
        first = Self.doubled(block)
        second = Self.doubled(first)
    }

    deinit { EVP_CIPHER_CTX_free(context) }

    /// Encrypts `block`, 16 bytes, in place.
    public func encrypt(_ block: inout [UInt8]) {
        precondition(block.count == Self.byteCount, "a block has 16 bytes")
        Self.encrypt(&block, context)
    }

    /// The 16 bytes of the CMAC of `message`.
    public func authenticationCode(of message: [UInt8]) -> [UInt8] {
        var state = [UInt8](repeating: 0, count: Self.byteCount)
        let blocks = max(1, (message.count + Self.byteCount - 1) / Self.byteCount)
        for block in 0..<blocks {
            let start = block * Self.byteCount
            let count = min(Self.byteCount, message.count - start)
            for index in 0..<count { state[index] ^= message[start + index] }
            if block == blocks - 1 {
                if count < Self.byteCount { state[count] ^= 0x80 }
                let mask = count == Self.byteCount ? first : second
                for index in 0..<Self.byteCount { state[index] ^= mask[index] }
            }
            Self.encrypt(&state, context)
        }
        return state
    }

    private static func encrypt(_ block: inout [UInt8], _ context: OpaquePointer) {
        block.withUnsafeMutableBufferPointer { block in
            var count: Int32 = 0
            // Whole blocks without padding cannot fail.
            _ = EVP_EncryptUpdate(context, block.baseAddress, &count, block.baseAddress, Int32(byteCount))
        }
    }

    /// Times x in GF(2^128), as RFC 4493 makes its two masks.
    private static func doubled(_ block: [UInt8]) -> [UInt8] {
        var result = block
        for index in block.indices {
            let carry = index + 1 < block.count ? block[index + 1] >> 7 : 0
            result[index] = block[index] << 1 | carry
        }
        if block[0] & 0x80 != 0 { result[block.count - 1] ^= 0x87 }
        return result
    }
}
