internal import JSONText

/// The members of Tasmota's messages beside the values of sensors, found in one walk: to look for one that is missing takes a
/// walk too.
struct TasmotaMembers {
    /// What `Status 8` and `Status 11` answer stands in an object of its own.
    private(set) var sensors, state: JSONValue?
    /// The device's clock: `Time` is local and without a zone or seconds of Unix time, `Epoch` the latter beside it, as the
    /// command `Time` has set it.
    private(set) var time, epoch: JSONValue?
    private(set) var temperatureUnit, pressureUnit, speedUnit: JSONValue?

    init(_ root: JSONValue) {
        root.forEachMember { key, value in
            switch ByteKey(key) {
            case "StatusSNS": sensors = sensors ?? value
            case "StatusSTS": state = state ?? value
            case "Time": time = time ?? value
            case "Epoch": epoch = epoch ?? value
            case "TempUnit": temperatureUnit = temperatureUnit ?? value
            case "PressureUnit": pressureUnit = pressureUnit ?? value
            case "SpeedUnit": speedUnit = speedUnit ?? value
            default: break
            }
        }
    }
}
