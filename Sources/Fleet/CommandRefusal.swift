public import GatewayModel
public import SQLite

/// Why a command was not accepted.
public enum CommandRefusal: Error, CustomStringConvertible {
    case invalidName(String)
    case paramsTooLong(Int)
    case backlogFull(DeviceID)
    case store(SQLiteError)

    /// Stable, for machines.
    public var code: String {
        switch self {
        case .invalidName: "invalid_command"
        case .paramsTooLong: "params_too_long"
        case .backlogFull: "command_backlog_full"
        case .store: "store_unavailable"
        }
    }

    public var description: String {
        switch self {
        case .invalidName(let name):
            "command \"\(name.prefix(64))\": accepted are 1 to 64 letters, digits, `_`, `-`, `.` and `:`"
        case .paramsTooLong(let count):
            "params of \(count) bytes: accepted are up to \(CommandName.paramsByteCountMax)"
        case .backlogFull(let device):
            "\(device) has \(CommandQueue.backlogMax) unfinished commands; wait until some have ended"
        case .store(let error): "the command could not be stored: \(error)"
        }
    }
}

/// What a command may be called, before a driver decides whether its device knows it.
enum CommandName {
    /// The firmware parses a command in 512 bytes (reference section 1.6).
    static let paramsByteCountMax = 4_096

    static func isValid(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."),
                    UInt8(ascii: ":"):
                    true
                default: false
                }
            }
    }
}
