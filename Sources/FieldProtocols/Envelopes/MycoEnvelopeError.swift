/// Why an envelope is not accepted, and where: the names stand in records, metrics and the output of `decode`.
public struct MycoEnvelopeError: Error, Equatable, Sendable {
    /// The stable names.
    public enum Code: String, Sendable, CaseIterable {
        /// Not deterministic CBOR, cut off, or followed by other bytes.
        case cbor = "cbor_error"
        case floatNotAllowed = "schema_float_not_allowed"
        /// A key is missing, unknown, doubled or out of order, or a value has the wrong type or range.
        case schema = "schema_error"
        case unsupportedVersion = "unsupported_version"
        case missingHashOrSignature = "missing_hash_or_signature"
        case hashMismatch = "hash_mismatch"
        case badSignature = "bad_signature"
    }

    /// What is wrong.
    public var code: Code
    /// Offset in the input.
    public var offset: Int

    public init(_ code: Code, at offset: Int = 0) {
        self.code = code
        self.offset = offset
    }

    init(_ error: CBORError) {
        switch error.reason {
        case .float: code = .floatNotAllowed
        case .unexpectedType, .outOfRange: code = .schema
        default: code = .cbor
        }
        offset = error.offset
    }
}
