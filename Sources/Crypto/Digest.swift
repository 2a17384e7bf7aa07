internal import COpenSSL
internal import CSodium

/// BLAKE2b with its digest length parameter set to 32; not a truncated BLAKE2b-512.
public enum BLAKE2b256 {
    /// Length of a digest.
    public static let byteCount = 32

    public static func hash(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: byteCount)
        let input = bytes.assumingMemoryBound(to: UInt8.self).baseAddress
        precondition(Sodium.isReady, "libsodium starts")
        // Fails only for lengths out of range, and these are constants.
        _ = crypto_generichash(&digest, byteCount, input, UInt64(bytes.count), nil, 0)
        return digest
    }

    public static func hash(_ bytes: [UInt8]) -> [UInt8] { bytes.withUnsafeBytes { hash($0) } }
}

/// SHA-256 (FIPS 180-4).
public enum SHA256 {
    /// By libcrypto: it uses the processor's SHA instructions, libsodium does not (measured: 5 times as fast).
    public static func hash(_ bytes: [UInt8]) -> [UInt8] { bytes.withUnsafeBytes { Algorithm.sha256.hash($0) } }
}

/// MD5 (RFC 1321), as a checksum of formats that are defined by it; it protects nothing.
public enum MD5 {
    /// Length of a digest.
    public static let byteCount = 16

    public static func hash(_ bytes: UnsafeRawBufferPointer) -> [UInt8] { Algorithm.md5.hash(bytes) }

    public static func hash(_ bytes: [UInt8]) -> [UInt8] { bytes.withUnsafeBytes { hash($0) } }
}

/// A digest of libcrypto, looked up once: the look-up takes as long as the hash of a short text.
struct Algorithm: @unchecked Sendable {
    // libcrypto's algorithms are immutable and these are never freed.
    let pointer: OpaquePointer?

    static let md5 = Algorithm(pointer: EVP_MD_fetch(nil, "MD5", nil))
    static let sha1 = Algorithm(pointer: EVP_MD_fetch(nil, "SHA1", nil))
    static let sha256 = Algorithm(pointer: EVP_MD_fetch(nil, "SHA256", nil))

    func hash(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        let done = EVP_Digest(bytes.baseAddress, bytes.count, &digest, &count, pointer, nil)
        precondition(done == 1, "libcrypto has the digest")
        digest.removeLast(digest.count - Int(count))
        return digest
    }
}
