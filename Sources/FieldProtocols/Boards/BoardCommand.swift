public import JSONText

/// A command in the gateway's own words, the same for every firmware.
///
/// Known names are `read_sensors hello health stream_sensors output_control estop clear_estop ping scan`; any other
/// name is passed on as it is to boards that take commands by name.
public struct BoardCommand: Sendable, Equatable {
    /// The gateway's id of the command.
    public var id: String
    public var name: String
    /// An object; `stream_sensors {rate_hz}`, `output_control {id, value, freq, duration_ms, r, g, b}`.
    public var params: JSON
    /// The side it is for; boards that speak in lines have only one.
    public var target: MDPEndpoint
    /// Monotonic milliseconds after which it must not be sent any more; nil for no limit.
    public var deadline: Int64?

    private static let sideBNames: Set<String> = [
        "transport_status", "lora_send", "ble_advertise", "wifi_connect", "sim_send",
    ]

    /// - Parameter target: nil for the side that knows the command.
    public init(
        id: String, name: String, params: JSON = .object([]), target: MDPEndpoint? = nil, deadline: Int64? = nil
    ) {
        self.id = id
        self.name = name
        self.params = params
        self.target = target ?? (Self.sideBNames.contains(name) ? .sideB : .sideA)
        self.deadline = deadline
    }

    /// Must not wait behind anything.
    public var isEmergency: Bool { name == "estop" }

    /// Whether doing it twice is the same as doing it once: only then is it sent again when no answer comes.
    var isRepeatable: Bool {
        switch name {
        case "read_sensors", "hello", "health", "stream_sensors", "estop", "clear_estop", "ping", "scan": true
        case "output_control": params["id"]?.string != "buzzer"
        default: false
        }
    }

    /// Letters, digits, `_`, `.`, `-`: what no firmware mistakes for something else.
    var hasPlainName: Bool {
        (1...48).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}

/// A command that is over: what the board said, or why it never will.
public struct FinishedCommand: Sendable, Equatable {
    /// How it ended.
    public enum Outcome: String, Sendable { case acknowledged, refused, expired }

    public var id: String
    /// How it ended.
    public var outcome: Outcome
    /// The board's own message, or the gateway's reason.
    public var message: String
    /// The board's whole answer as JSON, possibly empty.
    public var answer: String
}
