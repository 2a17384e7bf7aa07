internal import CSodium

/// Ed25519 signatures (RFC 8032) through libsodium.
public enum Ed25519 {
    /// Length of a public key.
    public static let publicKeyByteCount = 32
    /// Length of the seed that a key pair is made of.
    public static let seedByteCount = 32
    /// Length of a signature.
    public static let signatureByteCount = 64

    /// False also for keys and signatures of the wrong length and for weak keys.
    public static func isValid(
        signature: some Collection<UInt8>, message: some Collection<UInt8>, publicKey: some Collection<UInt8>
    ) -> Bool {
        guard signature.count == signatureByteCount, publicKey.count == publicKeyByteCount, Sodium.isReady
        else { return false }
        let message = Array(message)
        return crypto_sign_verify_detached(Array(signature), message, UInt64(message.count), Array(publicKey)) == 0
    }

    /// The signature of `message` by the key pair of `seed`; nil if the seed has not 32 bytes.
    public static func sign(message: some Collection<UInt8>, seed: some Collection<UInt8>) -> [UInt8]? {
        guard let pair = keyPair(seed: seed) else { return nil }
        let message = Array(message)
        var signature = [UInt8](repeating: 0, count: signatureByteCount)
        guard crypto_sign_detached(&signature, nil, message, UInt64(message.count), pair.secret) == 0 else {
            return nil
        }
        return signature
    }

    /// The public key that belongs to `seed`; nil if the seed has not 32 bytes.
    public static func publicKey(seed: some Collection<UInt8>) -> [UInt8]? { keyPair(seed: seed)?.public }

    private static func keyPair(seed: some Collection<UInt8>) -> (public: [UInt8], secret: [UInt8])? {
        guard seed.count == seedByteCount, Sodium.isReady else { return nil }
        var publicKey = [UInt8](repeating: 0, count: publicKeyByteCount)
        var secretKey = [UInt8](repeating: 0, count: 64)
        guard crypto_sign_seed_keypair(&publicKey, &secretKey, Array(seed)) == 0 else { return nil }
        return (publicKey, secretKey)
    }
}
