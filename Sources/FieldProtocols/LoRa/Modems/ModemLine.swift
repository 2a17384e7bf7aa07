/// What a line of a LoRa modem on a serial port means, whatever its dialect.
public enum ModemLine: Sendable, Equatable {
    /// The command that waits has succeeded.
    case done
    /// It has failed, with the modem's own word: `AT_PARAM_ERROR`, `+ERR=4`.
    case refused(String)
    /// A line that belongs to the answer of a command, such as `AT+VER=RUI_4.1.0`, or tells that it was taken.
    case answer(name: String, value: String)
    case packet(ModemPacket)
    /// Signal of the packet whose content stands on the next line.
    case signal(byteCount: Int?, rssi: Double, snr: Double)
    /// The content of the packet whose signal stood on the line before.
    case content([UInt8])
    /// Something that happened by itself: `TXP2P DONE`, `JOINED`, `SEND_CONFIRMED_FAILED(4)`. It never ends a command.
    case event(String)
    /// The modem has started anew.
    case started
    /// A banner, an echo, an empty line.
    case other
}

/// A packet that a modem has received.
public struct ModemPacket: Sendable, Equatable {
    public var payload: [UInt8]
    public var rssi: Double?
    public var snr: Double?
    /// Who sent it, where packets have addresses.
    public var sender: Int?
    /// The port of LoRaWAN, where the modem is a device of a network.
    public var port: Int?

    public init(_ payload: [UInt8], rssi: Double?, snr: Double?, sender: Int? = nil, port: Int? = nil) {
        self.payload = payload
        self.rssi = rssi
        self.snr = snr
        self.sender = sender
        self.port = port
    }
}

/// How lines are read, and what ends which command.
public enum ModemDialect: String, Sendable, CaseIterable {
    /// RAK3172 and its kin: RUI3 in both ways of printing a packet.
    case rak3172
    /// Reyax RYLR.
    case reyax
    /// Seeed LoRa-E5 in its test mode.
    case loraE5 = "lora-e5"

    /// Lines are never longer; what is, is noise.
    public static let byteCountMax = 1_024

    /// Cuts what comes into lines: the content of a Reyax packet may hold their ends.
    public var lines: LineCollector {
        self == .reyax
            ? LineCollector(byteCountMax: Self.byteCountMax) { ReyaxLines.byteCountMin($0) }
            : LineCollector(byteCountMax: Self.byteCountMax)
    }

    /// Reads one line without its end. NUL, CR and blanks around it are passed over.
    public func read(_ line: UnsafeRawBufferPointer) throws(LoRaError) -> ModemLine {
        guard line.count <= Self.byteCountMax else { throw LoRaError(.lineTooLong, at: Self.byteCountMax) }
        var lower = 0
        var upper = line.count
        while lower < upper, line[lower] <= 0x20 { lower += 1 }
        while upper > lower, line[upper - 1] <= 0x20, self != .reyax || line[upper - 1] != 0x20 { upper -= 1 }
        let text = ByteText(UnsafeRawBufferPointer(rebasing: line[lower..<upper]))
        guard !text.bytes.isEmpty else { return .other }
        do throws(LoRaError) {
            switch self {
            case .rak3172: return try RAKLines.read(text)
            case .reyax: return try ReyaxLines.read(text)
            case .loraE5: return try LoRaE5Lines.read(text)
            }
        } catch {
            throw LoRaError(error.code, at: error.offset + lower)
        }
    }

    /// Whether `answer` ends `command`: LoRa-E5 has no OK, every command is answered under its own name.
    func ends(_ command: String, _ name: String, _ value: String) -> Bool {
        switch self {
        case .rak3172: return false
        // A question is answered by its value alone.
        case .reyax: return command.hasSuffix("?")
        case .loraE5:
            let asked = command.dropFirst(3).prefix { $0 != "=" }
            return name == asked || (command == "AT" && name == "AT")
        }
    }

    /// A packet that could not have been heard is a damaged line.
    static func check(rssi: Double, snr: Double, at offset: Int) throws(LoRaError) {
        guard (-200...40).contains(rssi), (-40...127).contains(snr) else {
            throw LoRaError(.numberOutOfRange, at: offset)
        }
    }
}

extension ByteText {
    /// Parts between commas, colons or other marks, with where each begins.
    func split(_ mark: UInt8, countMax: Int = 16) -> [(text: ByteText, offset: Int)] {
        var parts: [(ByteText, Int)] = []
        var start = 0
        while parts.count < countMax - 1, let end = bytes[start...].firstIndex(of: mark) {
            parts.append((self[start..<end], start))
            start = end + 1
        }
        parts.append((self[start..<bytes.count], start))
        return parts
    }

    /// The whole text as a number of at most nine digits; `-57`, `9.5`. Nil for anything else.
    var number: Double? {
        let text = trimmed.bytes
        var value = 0.0
        var scale = 0.0
        var digits = 0
        for (index, byte) in text.enumerated() {
            switch byte {
            case UInt8(ascii: "-") where index == 0, UInt8(ascii: "+") where index == 0: break
            case UInt8(ascii: ".") where scale == 0: scale = 1
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                digits += 1
                guard digits <= 9 else { return nil }
                value = value * 10 + Double(byte - UInt8(ascii: "0"))
                scale *= 10
            default: return nil
            }
        }
        guard digits > 0 else { return nil }
        if scale > 1 { value /= scale }
        return text[0] == UInt8(ascii: "-") ? -value : value
    }

    /// The whole text as a whole number that is not negative.
    var count: Int? {
        let text = trimmed.bytes
        guard (1...9).contains(text.count), text.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return text.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}
