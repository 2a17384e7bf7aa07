/// Why a slave's data could not be had.
public enum ModbusClientError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The slave refused, with the exception's code.
    case exception(UInt8)
    /// Nothing came in time.
    case timeout
    /// What came was damaged.
    case crc
    /// What came in time was no frame of anyone.
    case noise
    /// What came is no answer to what was asked.
    case wrongAnswer
    /// The host cannot be reached, or the connection or the port is lost.
    case disconnected(errno: Int32)
    /// The caller asked for something that cannot be: the message says what.
    case invalid(String)

    /// The stable name that status, metrics and events carry.
    public var code: String {
        switch self {
        case .exception: "modbus_exception"
        case .timeout: "modbus_timeout"
        case .crc: "modbus_crc"
        case .noise: "modbus_noise"
        case .wrongAnswer: "modbus_wrong_answer"
        case .disconnected: "modbus_disconnected"
        case .invalid: "modbus_invalid"
        }
    }

    /// For people.
    public var description: String {
        switch self {
        case .exception(let code): "the slave refused with exception \(code)"
        case .timeout: "the slave did not answer in time"
        case .crc: "the answer was damaged"
        case .noise: "only noise came: look at speed, parity, polarity and termination of the line"
        case .wrongAnswer:
            "what came does not answer the question: another transaction, function or length, or it is late"
        case .disconnected(let errno): "no connection (errno \(errno))"
        case .invalid(let message): message
        }
    }

    /// Whether asking the same again may help: reading only, never writing.
    public var isWorthRetrying: Bool {
        switch self {
        case .exception(let code): code == 5 || code == 6 || code == 0x0B
        case .timeout, .crc, .noise, .wrongAnswer: true
        case .disconnected, .invalid: false
        }
    }

    /// Whether the slave was heard at all.
    public var isAnswer: Bool {
        switch self {
        case .exception(let code): code != 0x0A && code != 0x0B
        case .crc, .wrongAnswer: true
        case .timeout, .noise, .disconnected, .invalid: false
        }
    }
}
