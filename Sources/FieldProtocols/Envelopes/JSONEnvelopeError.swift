/// Why a JSON envelope is not accepted, in the order in which it is checked (field reference, section 4.4).
public enum JSONEnvelopeError: Error, Equatable, Sendable {
    case missingKeys([String])
    case missingHeaderFields
    case invalidSeq
    case invalidPack
    case invalidHashField
    case hashMismatch
    case invalidSignatureField
    case unsupportedSignatureScheme
    case signatureMismatch
    case noDeviceKey

    /// The name that brokers and acks use, such as `missing_keys:pack`. A wrong signature has another one in the CBOR form
    /// (field reference, section 4.4, and the vectors of CBOR).
    public var code: String {
        switch self {
        case .missingKeys(let keys): "missing_keys:" + keys.joined(separator: ",")
        case .missingHeaderFields: "missing_hdr_fields"
        case .invalidSeq: "invalid_seq"
        case .invalidPack: "invalid_pack"
        case .invalidHashField: "invalid_hash_field"
        case .hashMismatch: "hash_mismatch"
        case .invalidSignatureField: "invalid_sig_field"
        case .unsupportedSignatureScheme: "unsupported_signature_scheme"
        case .signatureMismatch: "signature_mismatch"
        case .noDeviceKey: "no_device_key"
        }
    }
}
