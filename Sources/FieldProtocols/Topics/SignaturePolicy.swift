/// What is known and demanded of a device's signatures.
public struct SignaturePolicy: Sendable, Equatable {
    /// 32 bytes; nil if the device's key is not known.
    public var publicKey: [UInt8]?
    /// Whether messages without a valid signature are refused (`require_signature` of the device).
    public var isRequired: Bool

    public init(publicKey: [UInt8]?, isRequired: Bool = false) {
        self.publicKey = publicKey
        self.isRequired = isRequired
    }

    /// No key is known and nothing is demanded.
    public static let none = SignaturePolicy(publicKey: nil)
}
