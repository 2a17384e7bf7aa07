internal import JSONText

/// The members of a telemetry line beside the values of its sensor, found in one walk: most lines have few of them, and
/// to look for one that is missing takes a walk too.
struct TelemetryMembers {
    var ai1, ai2, ai3, ai4: JSONValue?
    var mosfets, led, optx, aotx, stimLight, stimSound: JSONValue?
    var spectrum, addresses: JSONValue?
    var uptimeMilliseconds, uptimeSeconds, uptime: JSONValue?

    init(_ line: JSONValue) {
        line.forEachMember { key, value in
            switch ByteKey(key) {
            case "ai1_voltage": ai1 = ai1 ?? value
            case "ai2_voltage": ai2 = ai2 ?? value
            case "ai3_voltage": ai3 = ai3 ?? value
            case "ai4_voltage": ai4 = ai4 ?? value
            case "mosfet_states": mosfets = mosfets ?? value
            case "led": led = led ?? value
            case "optx_active": optx = optx ?? value
            case "aotx_active": aotx = aotx ?? value
            case "stim_light": stimLight = stimLight ?? value
            case "stim_sound": stimSound = stimSound ?? value
            case "i2c_addresses": addresses = addresses ?? value
            case "uptime_ms": uptimeMilliseconds = uptimeMilliseconds ?? value
            case "uptime_seconds": uptimeSeconds = uptimeSeconds ?? value
            case "uptime_s": uptime = uptime ?? value
            case ByteKey(stringLiteral: AS7341Channels.key): spectrum = spectrum ?? value
            default: break
            }
        }
    }
}
