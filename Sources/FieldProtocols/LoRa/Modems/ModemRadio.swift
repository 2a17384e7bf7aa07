/// How a modem's radio is set: both ends must agree in all but the power.
public struct ModemRadio: Sendable, Equatable {
    public var frequencyHertz: Int
    public var spreadingFactor: Int
    public var bandwidthHertz: Int
    /// The denominator: 5 for 4/5.
    public var codingRate: Int
    public var preamble: Int
    /// dBm.
    public var power: Int

    public init(
        frequencyHertz: Int = 868_500_000, spreadingFactor: Int = 7, bandwidthHertz: Int = 125_000, codingRate: Int = 5,
        preamble: Int = 8, power: Int = 14
    ) {
        self.frequencyHertz = frequencyHertz
        self.spreadingFactor = spreadingFactor
        self.bandwidthHertz = bandwidthHertz
        self.codingRate = codingRate
        self.preamble = preamble
        self.power = power
    }

    /// As it stands beside the readings of its packets.
    public var setting: RadioSetting {
        RadioSetting(
            modulation: .lora(spreadingFactor: spreadingFactor, bandwidthHertz: bandwidthHertz),
            frequencyHertz: Double(frequencyHertz), codingRate: "4/\(codingRate)")
    }
}

/// The commands that a modem is set up and used with.
extension ModemDialect {
    /// One step of the set-up.
    public struct Step: Sendable, Equatable {
        public var text: String
        /// What is tried if it is refused: firmware versions write the bandwidth in kHz or as an index.
        public var alternative: String?
        /// Refusals that do no harm.
        public var mayFail: Bool

        init(_ text: String, or alternative: String? = nil, mayFail: Bool = false) {
            self.text = text
            self.alternative = alternative
            self.mayFail = mayFail
        }
    }

    /// From whatever state the modem is in to one that receives and may transmit.
    public func setUp(_ radio: ModemRadio) -> [Step] {
        let kilohertz = radio.bandwidthHertz / 1_000
        switch self {
        case .rak3172:
            let index = [125: 0, 250: 1, 500: 2][kilohertz] ?? 0
            func setting(_ bandwidth: Int) -> String {
                "AT+P2P=\(radio.frequencyHertz):\(radio.spreadingFactor):\(bandwidth):\(radio.codingRate - 5):"
                    + "\(radio.preamble):\(radio.power)"
            }
            return [
                Step("AT"), Step("AT+NWM=0"), Step("AT+PRECV=0", mayFail: true),
                Step(setting(kilohertz), or: setting(index)), Step(Self.receive),
            ]
        case .reyax:
            let index = [125: 7, 250: 8, 500: 9][kilohertz] ?? 7
            return [
                Step("AT"), Step("AT+BAND=\(radio.frequencyHertz)"),
                Step("AT+PARAMETER=\(radio.spreadingFactor),\(index),\(radio.codingRate - 4),\(radio.preamble)"),
                Step("AT+CRFOP=\(radio.power)", mayFail: true),
            ]
        case .loraE5:
            let megahertz = Double(radio.frequencyHertz) / 1e6
            let text = Int(exactly: megahertz).map { "\($0)" } ?? "\(megahertz)"
            return [
                Step("AT"), Step("AT+MODE=TEST"),
                Step(
                    "AT+TEST=RFCFG,\(text),SF\(radio.spreadingFactor),\(kilohertz),\(radio.preamble),15,\(radio.power),"
                        + "ON,OFF,OFF"),
                Step("AT+TEST=RXLRPKT"),
            ]
        }
    }

    /// Continuous, transmitting allowed.
    private static let receive = "AT+PRECV=65533"

    /// The command that sends a payload; nil if this dialect cannot send it.
    public func send(_ command: PayloadCommand, hex: String) -> String? {
        switch self {
        case .rak3172: return "AT+PSEND=\(hex)"
        case .reyax:
            // Bytes go over the line as they are: what would end it cannot be sent.
            guard command.payload.count <= 240, command.payload.allSatisfy({ (0x20...0x7E).contains($0) }) else {
                return nil
            }
            let text = String(decoding: command.payload, as: UTF8.self)
            return "AT+SEND=\(command.receiver ?? 0),\(command.payload.count),\(text)"
        case .loraE5: return "AT+TEST=TXLRPKT, \"\(hex)\""
        }
    }

    /// The event that says that a packet has left; nil if the answer to the command says so.
    public var sentEvent: String? {
        switch self {
        case .rak3172: "TXP2P DONE"
        case .reyax: nil
        case .loraE5: "TX DONE"
        }
    }

    /// The command after which the modem hears again when it has sent; nil if it does by itself.
    public var receiveAgain: String? { self == .loraE5 ? "AT+TEST=RXLRPKT" : nil }
}
