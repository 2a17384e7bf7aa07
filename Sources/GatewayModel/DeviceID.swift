/// The gateway's own, stable name of a device: what every record, topic and URL carries.
///
/// 1 to 128 bytes of printable ASCII or UTF-8 letters without the characters that would change its meaning in an MQTT
/// topic, a path or a command line (`/ + # " \` and white space), and not starting with `$` or `.`.
public struct DeviceID: Hashable, Sendable, CustomStringConvertible {
    public let text: String

    /// The longest id in bytes. Longer ids are refused, never cut: a cut id could be another device's.
    public static let byteCountMax = 128

    /// Accepts `text` if it is a valid id, else nil.
    public init?(_ text: String) {
        guard Self.isValid(text.utf8) else { return nil }
        self.text = text
    }

    public var description: String { text }

    /// Whether these bytes, already known to be UTF-8, can name a device.
    public static func isValid(_ bytes: some Collection<UInt8>) -> Bool {
        guard let first = bytes.first, bytes.count <= byteCountMax else { return false }
        if first == UInt8(ascii: "$") || first == UInt8(ascii: ".") { return false }
        return bytes.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "/"), UInt8(ascii: "+"), UInt8(ascii: "#"), UInt8(ascii: "\""), UInt8(ascii: "\\"): false
            default: byte > 0x20 && byte != 0x7F
            }
        }
    }
}
