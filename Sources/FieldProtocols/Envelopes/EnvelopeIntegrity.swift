/// What can be said of the hash and the signature of an envelope.
public struct EnvelopeIntegrity: Sendable, Equatable {
    /// Whether the hash covers the content.
    public enum Hash: String, Sendable { case valid, invalid, absent }
    /// Whether the device's key signed the hash.
    public enum Signature: String, Sendable {
        case valid, invalid, absent
        /// Present, but no key of the device is known.
        case unchecked
    }

    /// Of the content as it was decoded.
    public var hash: Hash
    /// Of the hash.
    public var signature: Signature

    public init(hash: Hash, signature: Signature) {
        self.hash = hash
        self.signature = signature
    }
}

/// What is signed: the five ASCII bytes `MYCO1` followed by the hash (field reference, section 4.2).
public enum EnvelopeSignature {
    /// The bytes that are signed for this hash.
    public static func message(hash: [UInt8]) -> [UInt8] { Array("MYCO1".utf8) + hash }
}
