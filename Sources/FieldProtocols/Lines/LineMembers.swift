internal import JSONText

/// The members of a line that tell what it is and what it brings beside the values of a sensor, found in one walk: to look
/// for each of them takes a walk too, and most are missing. Borrowed, as the object is.
struct LineMembers {
    /// As firmware spells them, in camel case: `i2cAddresses` is `i2c_addresses`.
    enum Key: Int, CaseIterable {
        case type, ok, error, cmd, data, hello, version, status, firmware, devices, sensor, addr
        case side, gateway, src, seq, rx, sent, cloud, ble, loraInit, wifiInit, bleInit
        case tMs, ts, tsMs, uptimeMs, uptimeSeconds, uptimeS
        case ai1Voltage, ai2Voltage, ai3Voltage, ai4Voltage, mosfetStates
        case led, optxActive, aotxActive, stimLight, stimSound
        case env, health, i2cAddresses, bme688Count, bme1, bme2, as7341

        var name: String {
            String(describing: self).reduce(into: "") { name, letter in
                name += letter.isUppercase ? "_" + letter.lowercased() : String(letter)
            }
        }
    }

    /// The object itself.
    let line: JSONValue
    /// By key: how far behind the object's beginning the first member of that name stands; 0 if there is none. A line of
    /// 4 KiB cannot hold so many that this overflows.
    private var places = InlineArray<48, UInt16>(repeating: 0)

    private static let names = NameLookup(Key.allCases.map { ($0.name, $0.rawValue) }, ignoringCase: false)

    init(_ line: JSONValue) {
        self.line = line
        line.forEachMember { name, value in
            if let key = Self.names.value(of: name), places[key] == 0 {
                places[key] = UInt16(exactly: value.place - line.place) ?? 0
            }
        }
    }

    /// The first member of that name.
    subscript(_ key: Key) -> JSONValue? {
        let place = places[key.rawValue]
        return place == 0 ? nil : JSONValue(at: line.place + Int(place), in: line)
    }
}
