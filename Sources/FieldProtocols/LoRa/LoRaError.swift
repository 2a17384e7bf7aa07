internal import JSONText

/// Why bytes of the LoRa family cannot be used.
public struct LoRaError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The stable names: `decode` prints them, counters and events carry them.
    public enum Code: String, Sendable, CaseIterable {
        case tooShort = "too_short"
        case tooLarge = "too_large"
        case unsupportedVersion = "unsupported_version"
        case unknownPacketType = "unknown_packet_type"
        case malformedJSON = "malformed_json"
        case notUTF8 = "not_utf8"
        case tooDeep = "too_deep"
        case numberOutOfRange = "number_out_of_range"
        case notAnObject = "not_an_object"
        /// A member that must be there is not, or is of another kind.
        case missingField = "missing_field"
        case badBase64 = "bad_base64"
        case badHex = "bad_hex"
        /// The size that is told is not the size that came.
        case sizeMismatch = "size_mismatch"
        /// A frame of LoRaWAN that is longer or shorter than its kind can be.
        case wrongLength = "wrong_length"
        case micMismatch = "mic_mismatch"
        /// The frame counter has been seen, or one after it.
        case replayedCounter = "replayed_counter"
        case unknownDevice = "unknown_device"
        case unknownGateway = "unknown_gateway"
        case unknownEvent = "unknown_event"
        /// Binary where JSON is expected: a network server that publishes protobuf.
        case protobufPayload = "protobuf_payload"
        case badTopic = "bad_topic"
        /// Cayenne LPP: a channel without a type.
        case missingType = "missing_type"
        /// Cayenne LPP: a type that is not in the table, so that nothing behind it can be read.
        case unknownType = "unknown_type"
        /// Cayenne LPP: the payload ends inside a value.
        case shortValue = "short_value"
        /// A line of a modem that is none of its dialect, or has an impossible value.
        case malformedLine = "malformed_line"
        case lineTooLong = "line_too_long"
        case malformedFrame = "malformed_frame"
    }

    /// What is wrong.
    public var code: Code
    /// Where in the input, in bytes.
    public var offset: Int

    public init(_ code: Code, at offset: Int = 0) {
        self.code = code
        self.offset = offset
    }

    init(json error: JSONError, at offset: Int) {
        let code: Code =
            switch error {
            case .malformed, .outOfMemory: .malformedJSON
            case .notUTF8: .notUTF8
            case .tooDeep: .tooDeep
            case .tooLarge: .tooLarge
            case .numberOutOfRange: .numberOutOfRange
            }
        self.init(code, at: offset)
    }

    public var description: String { "\(code.rawValue) at \(offset)" }
}
