/// What can be said of the hash and the signature of an envelope.
public struct EnvelopeIntegrity: Sendable, Equatable {
    public enum Hash: String, Sendable { case valid, invalid, absent }
    public enum Signature: String, Sendable {
        case valid, invalid, absent
        /// Present, but no key of the device is known.
        case unchecked
    }

    public var hash: Hash
    public var signature: Signature

    public init(hash: Hash, signature: Signature) {
        self.hash = hash
        self.signature = signature
    }
}

/// What is signed: the five ASCII bytes `MYCO1` followed by the hash (field reference, section 4.2).
public enum EnvelopeSignature {
    public static func message(hash: [UInt8]) -> [UInt8] { Array("MYCO1".utf8) + hash }
}
