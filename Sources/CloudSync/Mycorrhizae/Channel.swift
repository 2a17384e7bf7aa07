internal import GatewayModel

/// A channel of the broker: `device.{id}.telemetry|event|command|ack|emissions` (reference, section 4.6).
struct Channel: Equatable {
    let device: DeviceID
    let purpose: String

    init(_ device: DeviceID, _ purpose: String) {
        self.device = device
        self.purpose = purpose
    }

    /// Reads a name; nil if it is no channel of a device. The id may hold dots, the purpose cannot.
    init?(_ name: String) {
        guard name.hasPrefix("device."), let dot = name.lastIndex(of: "."), let start = name.firstIndex(of: "."),
            start < dot, let device = DeviceID(String(name[name.index(after: start)..<dot]))
        else { return nil }
        self.device = device
        purpose = String(name[name.index(after: dot)...])
    }

    var name: String { "device.\(device.text).\(purpose)" }

    /// As part of a URL's path: everything but letters, digits, `-`, `.`, `_` and `~` escaped.
    var escapedName: String { Self.escaped(name) }

    static func escaped(_ text: String) -> String {
        var escaped: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                escaped.append(byte)
            default:
                escaped.append(UInt8(ascii: "%"))
                for digit in [byte >> 4, byte & 0xF] { escaped.append(digit < 10 ? 0x30 + digit : 0x37 + digit) }
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }
}
