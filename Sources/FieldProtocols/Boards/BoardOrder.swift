internal import JSONText

/// What a command asks of a board, in the gateway's one vocabulary; each firmware has its own words for it.
enum BoardOrder: Equatable {
    case hello, ping, readSensors, scan, estop, clearEstop, reboot, identity
    /// Milliseconds between two telemetries.
    case interval(Double)
    case mosfet(Int, isOn: Bool)
    /// Nil makes it silent.
    case tone(Tone?)
    case light(Light)
    case role(String)
    case displayName(String)
    /// Not of the vocabulary: passed on by its name to firmware that takes names.
    case other

    struct Tone: Equatable {
        var frequency: Double
        var milliseconds: Double
    }

    enum Light: Equatable {
        case off
        case colour(red: Int, green: Int, blue: Int)
    }

    /// Why a command cannot be what it says; for people.
    struct Misfit: Error, Equatable { var reason: String }

    init(_ command: BoardCommand) throws(Misfit) {
        let params = command.params
        switch command.name {
        case "hello", "health", "status": self = .hello
        case "ping": self = .ping
        case "read_sensors": self = .readSensors
        case "scan", "i2c_scan": self = .scan
        case "estop": self = .estop
        case "clear_estop": self = .clearEstop
        case "reboot", "reset": self = .reboot
        case "identity", "get_device_identity": self = .identity
        case "stream_sensors", "interval", "set_telemetry_interval": self = .interval(try Self.interval(params))
        case "output_control", "output": self = try Self.output(params)
        case "set_role", "set_device_role": self = .role(try Self.text(params, "role", byteCountMax: 31))
        case "set_display_name", "set_device_display_name":
            self = .displayName(try Self.text(params, "name", byteCountMax: 63))
        default: self = .other
        }
    }

    private static func interval(_ params: JSON) throws(Misfit) -> Double {
        if let rate = params["rate_hz"] {
            guard let rate = rate.double, rate > 0 else { throw Misfit(reason: "rate_hz must be a number above 0") }
            return 1000 / rate
        }
        if let milliseconds = (params["ms"] ?? params["interval_ms"])?.double, milliseconds > 0 { return milliseconds }
        if let seconds = (params["seconds"] ?? params["interval_seconds"])?.double, seconds > 0 {
            return seconds * 1000
        }
        throw Misfit(reason: "rate_hz, seconds or ms must be a number above 0")
    }

    private static func output(_ params: JSON) throws(Misfit) -> BoardOrder {
        switch params["id"]?.string {
        case "mosfet1": return try mosfet(1, params)
        case "mosfet2": return try mosfet(2, params)
        case "mosfet3": return try mosfet(3, params)
        case "buzzer":
            let frequency = params["freq"]?.double ?? 1200
            guard isOn(params["value"]) != false, frequency > 0 else { return .tone(nil) }
            return .tone(Tone(frequency: frequency, milliseconds: params["duration_ms"]?.double ?? 200))
        case "neopixel": return .light(light(params))
        default: throw Misfit(reason: "id must be mosfet1, mosfet2, mosfet3, buzzer or neopixel")
        }
    }

    private static func mosfet(_ number: Int, _ params: JSON) throws(Misfit) -> BoardOrder {
        guard let isOn = isOn(params["value"]) else { throw Misfit(reason: "value must be true, false, 0 or 1") }
        return .mosfet(number, isOn: isOn)
    }

    private static func light(_ params: JSON) -> Light {
        let isOn = isOn(params["value"])
        let colours = ["r", "g", "b"].map { params[$0]?.double.flatMap { Int(exactly: $0.rounded()) } }
        if isOn == false { return .off }
        if colours.allSatisfy({ $0 == nil }) {
            return isOn == true ? .colour(red: 255, green: 255, blue: 255) : .off
        }
        let bounded = colours.map { min(max($0 ?? 0, 0), 255) }
        return .colour(red: bounded[0], green: bounded[1], blue: bounded[2])
    }

    private static func isOn(_ value: JSON?) -> Bool? {
        if let flag = value?.bool { return flag }
        return value?.double.map { $0 != 0 }
    }

    private static func text(_ params: JSON, _ key: String, byteCountMax: Int) throws(Misfit) -> String {
        guard let text = params[key]?.string, (1...byteCountMax).contains(text.utf8.count) else {
            throw Misfit(reason: "\(key) must be a text of 1 to \(byteCountMax) bytes")
        }
        return text
    }
}
