internal import Crypto
internal import JSONText

/// The command `send_payload`: bytes for a LoRa device. Params: `port` (1…223, default 1), `hex` or `text`, `confirmed`.
public struct PayloadCommand: Sendable, Equatable {
    /// What is wrong with the params, for people.
    public struct Refusal: Error, Sendable, Equatable, CustomStringConvertible {
        public var description: String

        public init(_ description: String) { self.description = description }
    }

    /// The name of the command.
    public static let name = "send_payload"
    /// What fits a packet at the best data rate.
    public static let byteCountMax = 242

    /// 1…223.
    public var port: UInt8
    /// 1…242 bytes.
    public var payload: [UInt8]
    /// Whether the device shall acknowledge it; nil if nothing is said.
    public var isConfirmed: Bool?
    /// The address of the receiver, where modems have addresses.
    public var receiver: Int?

    /// Reads the params, the text of one JSON object.
    public init(params: String) throws(Refusal) {
        // Whatever is wrong with it, it is no object.
        guard let root = try? JSON(parsing: params), root.members != nil else {
            throw Refusal("params: accepted {\"hex\": DIGITS, \"port\": 1…223, \"confirmed\": true or false}")
        }
        // Digits alone look like a number to a command line.
        if let hex = root["hex"]?.string ?? root["hex"]?.uint64.map({ "\($0)" }) {
            guard let bytes = Hex.decode(hex) else {
                throw Refusal("hex: accepted an even number of hex digits")
            }
            payload = bytes
        } else if let text = root["text"]?.string {
            payload = Array(text.utf8)
        } else {
            throw Refusal("hex: is missing, accepted hex digits (or `text`)")
        }
        guard (1...Self.byteCountMax).contains(payload.count) else {
            throw Refusal("hex: \(payload.count) bytes, accepted 1…\(Self.byteCountMax)")
        }
        let port = root["port"]?.int ?? 1
        guard let number = UInt8(exactly: port), DataFrame.applicationPorts.contains(number) else {
            throw Refusal("port: \(port), accepted 1…223")
        }
        self.port = number
        isConfirmed = root["confirmed"]?.bool
        receiver = root["address"]?.int
        if let receiver, !(0...65_535).contains(receiver) {
            throw Refusal("address: \(receiver), accepted 0…65535")
        }
    }
}
