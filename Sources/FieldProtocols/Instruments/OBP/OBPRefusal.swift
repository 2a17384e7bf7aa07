/// Why a device refuses a message: the error field of its answer.
public enum OBPRefusal: UInt16, Sendable, CaseIterable {
    case protocolUnsupported = 1
    case unknownType = 2
    case badChecksum = 3
    case tooLarge = 4
    case wrongLength = 5
    case badData = 6
    case notReady = 7
    case unknownChecksumType = 8
    case deviceReset = 9
    case notAvailable = 12
    /// Not an error: the answer comes later.
    case deferred = 255

    /// As the output of `decode` names it.
    public var name: String {
        switch self {
        case .protocolUnsupported: "protocol"
        case .unknownType: "unknown_type"
        case .badChecksum: "checksum"
        case .tooLarge: "too_large"
        case .wrongLength: "wrong_length"
        case .badData: "bad_data"
        case .notReady: "not_ready"
        case .unknownChecksumType: "checksum_type"
        case .deviceReset: "device_reset"
        case .notAvailable: "not_available"
        case .deferred: "deferred"
        }
    }

    /// Whether the same question may be answered a little later.
    public var isPassing: Bool {
        self == .notReady || self == .badChecksum || self == .deviceReset || self == .deferred
    }
}
