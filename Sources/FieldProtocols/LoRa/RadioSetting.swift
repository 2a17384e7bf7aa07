/// How a packet was modulated.
public struct RadioSetting: Sendable, Equatable {
    /// LoRa has a spreading factor and a bandwidth, FSK a bit rate.
    public enum Modulation: Sendable, Equatable {
        case lora(spreadingFactor: Int, bandwidthHertz: Int)
        case fsk(bitRate: Int)
        /// LR-FHSS and what may come, by the name of its data rate.
        case other(String)
    }

    /// Nil if it is not known.
    public var modulation: Modulation?
    /// Nil if it is not known.
    public var frequencyHertz: Double?
    /// Such as `4/5`.
    public var codingRate: String?

    public init(modulation: Modulation? = nil, frequencyHertz: Double? = nil, codingRate: String? = nil) {
        self.modulation = modulation
        self.frequencyHertz = frequencyHertz
        self.codingRate = codingRate
    }

    /// Nil unless this is LoRa.
    public var spreadingFactor: Int? {
        if case .lora(let factor, _) = modulation { factor } else { nil }
    }

    /// Nil unless this is LoRa.
    public var bandwidthHertz: Int? {
        if case .lora(_, let bandwidth) = modulation { bandwidth } else { nil }
    }

    /// As the bytes `SF7BW125`; nil for anything else.
    public static func dataRate(_ text: String) -> Modulation? {
        var text = text
        return text.withUTF8 { dataRate($0) }
    }

    /// `SF7BW125` and `SF12BW62.5`; nil for anything else or for what no radio can do.
    static func dataRate(_ text: UnsafeBufferPointer<UInt8>) -> Modulation? {
        guard text.count >= 6, text[0] == UInt8(ascii: "S"), text[1] == UInt8(ascii: "F") else { return nil }
        var index = 2
        func number() -> Int? {
            var value = 0
            let start = index
            while index < text.count, (0x30...0x39).contains(text[index]), index - start < 5 {
                value = value * 10 + Int(text[index] - 0x30)
                index += 1
            }
            return index > start ? value : nil
        }
        guard let factor = number(), (5...12).contains(factor), index + 1 < text.count,
            text[index] == UInt8(ascii: "B"), text[index + 1] == UInt8(ascii: "W")
        else { return nil }
        index += 2
        guard let kilohertz = number() else { return nil }
        var hertz = kilohertz * 1_000
        if index < text.count, text[index] == UInt8(ascii: ".") {
            index += 1
            let start = index
            guard let fraction = number() else { return nil }
            var thousandths = fraction
            for _ in 0..<max(0, 3 - (index - start)) { thousandths *= 10 }
            guard index - start <= 3 else { return nil }
            hertz += thousandths
        }
        guard index == text.count, (1_000...2_000_000).contains(hertz) else { return nil }
        return .lora(spreadingFactor: factor, bandwidthHertz: hertz)
    }
}
