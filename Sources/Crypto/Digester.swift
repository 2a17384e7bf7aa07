internal import COpenSSL

/// Hashes one text after another in the same context of libcrypto, whose making costs a quarter as much as the hash of a
/// short text.
public struct Digester: Sendable {
    /// What is computed.
    public enum Kind: Sendable {
        case sha1, sha256

        fileprivate var algorithm: Algorithm {
            switch self {
            case .sha1: .sha1
            case .sha256: .sha256
            }
        }
    }

    // Only touched by its sole owner: see `withHash`.
    private final class Context: @unchecked Sendable {
        let pointer = EVP_MD_CTX_new()

        deinit { EVP_MD_CTX_free(pointer) }
    }

    private let kind: Kind
    private var context = Context()

    public init(_ kind: Kind) { self.kind = kind }

    /// Lends the digest of `bytes` to `body`.
    public mutating func withHash<R>(of bytes: UnsafeRawBufferPointer, _ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
        // A copy may be in use on another thread.
        if !isKnownUniquelyReferenced(&context) { context = Context() }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Int(EVP_MAX_MD_SIZE)) { digest in
            var count: UInt32 = 0
            let done =
                EVP_DigestInit_ex(context.pointer, kind.algorithm.pointer, nil) == 1
                && EVP_DigestUpdate(context.pointer, bytes.baseAddress, bytes.count) == 1
                && EVP_DigestFinal_ex(context.pointer, digest.baseAddress, &count) == 1
            precondition(done, "libcrypto has the digest")
            return body(UnsafeBufferPointer(rebasing: digest[..<Int(count)]))
        }
    }
}
