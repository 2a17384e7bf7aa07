internal import CSodium

/// HMAC with SHA-256 (RFC 2104).
public enum HMACSHA256 {
    /// The 32 bytes that prove who knows `key`, which may have any length.
    public static func code(of message: [UInt8], key: [UInt8]) -> [UInt8] {
        precondition(Sodium.isReady, "libsodium starts")
        var state = crypto_auth_hmacsha256_state()
        var code = [UInt8](repeating: 0, count: 32)
        // None of them can fail.
        _ = crypto_auth_hmacsha256_init(&state, key, key.count)
        _ = crypto_auth_hmacsha256_update(&state, message, UInt64(message.count))
        _ = crypto_auth_hmacsha256_final(&state, &code)
        return code
    }
}
