/// Why bytes are no Modbus frame, or what a frame holds cannot be. The raw values are the stable codes.
public enum ModbusError: String, Error, Sendable, CaseIterable {
    case crcMismatch = "crc_mismatch"
    /// The input ends before the frame does.
    case tooShort = "too_short"
    /// Longer than the 256 bytes of an RTU frame or the 260 of a TCP one.
    case oversized
    /// The byte count in the frame, or the length in front of it, is not that of what is there.
    case lengthMismatch = "length_mismatch"
    /// A count outside what the function allows, such as 126 registers.
    case badCount = "bad_count"
    case unknownFunction = "unknown_function"
    /// The protocol of a TCP frame is not 0.
    case badProtocol = "bad_protocol"

    /// Stable snake_case name.
    public var code: String { rawValue }
}

/// What a slave answers in place of data (MODBUS application protocol V1.1b3, section 7).
public enum ModbusException: UInt8, Sendable, CaseIterable {
    case illegalFunction = 1
    case illegalAddress = 2
    case illegalValue = 3
    case deviceFailure = 4
    case acknowledge = 5
    case busy = 6
    case negativeAcknowledge = 7
    case memoryParity = 8
    case gatewayPath = 0x0A
    case gatewayTarget = 0x0B

    /// Stable snake_case name.
    public var name: String {
        switch self {
        case .illegalFunction: "illegal_function"
        case .illegalAddress: "illegal_data_address"
        case .illegalValue: "illegal_data_value"
        case .deviceFailure: "device_failure"
        case .acknowledge: "acknowledge"
        case .busy: "device_busy"
        case .negativeAcknowledge: "negative_acknowledge"
        case .memoryParity: "memory_parity"
        case .gatewayPath: "gateway_path"
        case .gatewayTarget: "gateway_target_no_response"
        }
    }

    /// Whether asking again soon can help: the slave is at work, busy, or its gateway did not reach it.
    public var isTransient: Bool { self == .acknowledge || self == .busy || self == .gatewayTarget }
}
