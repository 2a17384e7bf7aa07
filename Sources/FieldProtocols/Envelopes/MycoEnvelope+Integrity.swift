internal import Crypto

extension MycoEnvelope {
    /// Checks the hash, then the signature against `publicKey` (32 bytes; nil if the device's key is not known).
    public func integrity(publicKey: [UInt8]?) -> EnvelopeIntegrity {
        // Decoding accepts nothing but the deterministic form, so encoding again gives the bytes that were hashed.
        let computed = BLAKE2b256.hash(unsignedBytes)
        let hashState: EnvelopeIntegrity.Hash = hash.map { $0 == computed ? .valid : .invalid } ?? .absent
        guard let signature else { return EnvelopeIntegrity(hash: hashState, signature: .absent) }
        guard let publicKey else { return EnvelopeIntegrity(hash: hashState, signature: .unchecked) }
        let isValid = Ed25519.isValid(
            signature: signature, message: EnvelopeSignature.message(hash: computed), publicKey: publicKey)
        return EnvelopeIntegrity(hash: hashState, signature: isValid ? .valid : .invalid)
    }

    /// As a receiver that demands hash and signature: throws what is wrong first.
    public func verify(publicKey: [UInt8]) throws(MycoEnvelopeError) {
        guard hash != nil, signature != nil else { throw MycoEnvelopeError(.missingHashOrSignature) }
        let integrity = integrity(publicKey: publicKey)
        guard integrity.hash == .valid else { throw MycoEnvelopeError(.hashMismatch) }
        guard integrity.signature == .valid else { throw MycoEnvelopeError(.badSignature) }
    }
}
