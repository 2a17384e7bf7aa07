internal import JSONText

/// Why a message is not taken. The names are stable: they label metrics, events and the counters of `status`.
public enum RejectReason: String, Error, Sendable, CaseIterable {
    case malformedJSON = "malformed_json"
    case notUTF8 = "not_utf8"
    /// More than `TopicDecoder.byteCountMax`.
    case tooLarge = "too_large"
    case tooDeep = "too_deep"
    case badDeviceID = "bad_device_id"
    case badMessageID = "bad_message_id"
    /// Nothing in it is a value.
    case noReadings = "no_readings"
    case valueNotFinite = "value_not_finite"
    case numberOutOfRange = "number_out_of_range"
    /// A text longer than `TelemetryDecoder.textByteCountMax`, or an object nested too deep to be named.
    case valueNotStorable = "value_not_storable"
    case tooManyReadings = "too_many_readings"
    /// The site's tables of names are full: somebody invents them.
    case tooManyNames = "too_many_names"
    /// A unit that is too long, or one more than its device may invent: its value is stored without it.
    case unitNotStorable = "unit_not_storable"
    case missingKeys = "missing_keys"
    case invalidSeq = "invalid_seq"
    case invalidPack = "invalid_pack"
    case invalidHashField = "invalid_hash_field"
    case hashMismatch = "hash_mismatch"
    case invalidSignatureField = "invalid_sig_field"
    case badSignature = "bad_signature"
    /// The device is configured to sign, and this is unsigned or its key is unknown.
    case signatureRequired = "signature_required"
    /// An envelope of a device whose key is known, under the name of another device.
    case foreignEnvelope = "foreign_envelope"
    case cbor = "cbor_error"
    case floatNotAllowed = "schema_float_not_allowed"
    case schema = "schema_error"
    case unsupportedVersion = "unsupported_version"
    /// The MDP body in `frame_b64` is no frame.
    case badFrame = "bad_frame"
    case outOfMemory = "out_of_memory"
    /// The payload is no Protocol Buffers message of its convention.
    case protobuf = "protobuf_error"
    case senML = "senml_error"
    case lineProtocol = "line_protocol_error"
    /// An alias that no birth has explained; the node was asked for one.
    case unknownAlias = "unknown_alias"
    /// A value of a type that makes no reading: a data set, a template, an array, bytes.
    case unsupportedValue = "unsupported_value"
    /// Binary where this gateway reads JSON: the network server is set to protobuf.
    case protobufPayload = "protobuf_payload"
    /// An event of a network server that is none of its published ones, lacks what it must have, or is about another
    /// device than its topic.
    case badNetworkEvent = "bad_network_event"
    case badBase64 = "bad_base64"

    /// Stable snake_case name.
    public var name: String { rawValue }

    init(_ error: JSONError) {
        self =
            switch error {
            case .malformed: .malformedJSON
            case .notUTF8: .notUTF8
            case .tooDeep: .tooDeep
            case .tooLarge: .tooLarge
            case .numberOutOfRange: .numberOutOfRange
            case .outOfMemory: .outOfMemory
            }
    }

    init(_ error: LoRaError) {
        self =
            switch error.code {
            case .badBase64: .badBase64
            case .protobufPayload: .protobufPayload
            case .numberOutOfRange: .numberOutOfRange
            default: .badNetworkEvent
            }
    }

    init(_ error: JSONEnvelopeError) {
        self =
            switch error {
            case .missingKeys, .missingHeaderFields: .missingKeys
            case .invalidSeq: .invalidSeq
            case .invalidPack: .invalidPack
            case .invalidHashField: .invalidHashField
            case .hashMismatch: .hashMismatch
            case .invalidSignatureField, .unsupportedSignatureScheme: .invalidSignatureField
            case .signatureMismatch: .badSignature
            case .noDeviceKey: .signatureRequired
            }
    }

    init(_ error: MycoEnvelopeError) {
        self =
            switch error.code {
            case .cbor: .cbor
            case .floatNotAllowed: .floatNotAllowed
            case .schema: .schema
            case .unsupportedVersion: .unsupportedVersion
            case .missingHashOrSignature: .signatureRequired
            case .hashMismatch: .hashMismatch
            case .badSignature: .badSignature
            }
    }
}
