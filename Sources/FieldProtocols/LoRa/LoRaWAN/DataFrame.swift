/// A data frame of LoRaWAN, up or down: header, options, port and payload, which is still encrypted.
public struct DataFrame: Sendable, Equatable {
    public var isUplink: Bool
    public var address: UInt32
    /// ADR, ACK and the rest; the low four bits count the bytes of the options.
    public var control: UInt8
    /// The 16 bits of the counter that travel.
    public var counter: UInt16
    /// MAC commands, in clear in 1.0.
    public var options: [UInt8]
    /// Nil if the frame has neither port nor payload.
    public var port: UInt8?
    public var payload: [UInt8]

    /// An application has ports 1 to 223; 0 carries MAC commands.
    public static let applicationPorts: ClosedRange<UInt8> = 1...223

    public init(
        isUplink: Bool, address: UInt32, control: UInt8 = 0, counter: UInt16, options: [UInt8] = [], port: UInt8?,
        payload: [UInt8]
    ) {
        self.isUplink = isUplink
        self.address = address
        self.control = control
        self.counter = counter
        self.options = options
        self.port = port
        self.payload = payload
    }

    /// `message`: the front of a frame, without the MIC.
    init(_ message: ArraySlice<UInt8>, isUplink: Bool) throws(LoRaError) {
        guard message.count >= 8 else { throw LoRaError(.tooShort, at: message.count + 4) }
        self.isUplink = isUplink
        address = (0..<4).reduce(0) { $0 | UInt32(message[1 + $1]) << (8 * UInt32($1)) }
        control = message[5]
        counter = UInt16(message[6]) | UInt16(message[7]) << 8
        let optionsEnd = 8 + Int(control & 0x0F)
        guard message.count >= optionsEnd else { throw LoRaError(.tooShort, at: message.count + 4) }
        options = Array(message[8..<optionsEnd])
        if message.count > optionsEnd {
            port = message[optionsEnd]
            payload = Array(message[(optionsEnd + 1)...])
        } else {
            port = nil
            payload = []
        }
    }

    /// The device takes part in adaptive data rate.
    public var hasADR: Bool { control & 0x80 != 0 }
    /// The last confirmed frame is acknowledged.
    public var isAcknowledging: Bool { control & 0x20 != 0 }

    /// Eight hex digits, as network servers write addresses.
    public var addressText: String { Self.text(of: address) }

    /// Eight lower-case hex digits.
    public static func text(of address: UInt32) -> String {
        let digits = String(address, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    /// Header, options, port and payload; `type` gives the first byte.
    func encoded(as type: PHYPayload.MessageType) -> [UInt8] {
        var bytes: [UInt8] = [type.rawValue << 5]
        for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: address >> UInt32(shift))) }
        bytes.append(control & 0xF0 | UInt8(truncatingIfNeeded: options.count) & 0x0F)
        bytes.append(UInt8(truncatingIfNeeded: counter))
        bytes.append(UInt8(truncatingIfNeeded: counter >> 8))
        bytes += options.prefix(15)
        if let port { bytes += [port] + payload }
        return bytes
    }
}
