/// The rules of a part of the world, as far as a gateway needs them to answer devices (LoRaWAN regional parameters
/// RP002, sections 2.4, 2.5 and 2.8).
public enum LoRaRegion: String, CaseIterable, Sendable {
    case eu868, us915, au915

    /// By its number; nil where there is none. FSK has a bit rate of 50,000.
    public var dataRates: [RadioSetting.Modulation?] {
        let narrow = { (factor: Int) in RadioSetting.Modulation.lora(spreadingFactor: factor, bandwidthHertz: 125_000) }
        let wide = { (factor: Int) in RadioSetting.Modulation.lora(spreadingFactor: factor, bandwidthHertz: 500_000) }
        let wideDown = (7...12).reversed().map(wide)
        switch self {
        case .eu868:
            return (7...12).reversed().map(narrow)
                + [.lora(spreadingFactor: 7, bandwidthHertz: 250_000), .fsk(bitRate: 50_000)]
        case .us915: return (7...10).reversed().map(narrow) + [wide(8), nil, nil, nil] + wideDown
        case .au915: return (7...12).reversed().map(narrow) + [wide(8), nil] + wideDown
        }
    }

    /// The number of a modulation for devices (`isUplink`) or for gateways; nil if the region does not have it.
    public func dataRate(_ modulation: RadioSetting.Modulation?, isUplink: Bool) -> Int? {
        guard let modulation else { return nil }
        let rates = dataRates
        // What gateways send in America is a row of its own, with one setting in common.
        let range = self == .eu868 || isUplink ? 0..<8 : 8..<rates.count
        return range.first { rates[$0] == modulation }
    }

    /// The first window of a device, one second after its frame. Nil if the frame was on no channel of the region.
    public func firstWindow(after uplink: RadioSetting) -> RadioSetting? {
        if self == .eu868 { return uplink }
        guard let channel = channel(of: uplink), let rate = dataRate(uplink.modulation, isUplink: true) else {
            return nil
        }
        var down = uplink
        down.frequencyHertz = 923_300_000 + 600_000 * Double(channel % 8)
        down.modulation = dataRates[min(rate + (self == .us915 ? 10 : 8), 13)]
        return down
    }

    /// The second window, two seconds after the frame: number of the data rate and hertz.
    public var secondWindow: (dataRate: Int, hertz: Int) { self == .eu868 ? (0, 869_525_000) : (8, 923_300_000) }

    /// The number of the channel that a frame came on: 64 of 125 kHz, then eight of 500 kHz.
    private func channel(of uplink: RadioSetting) -> Int? {
        guard let hertz = uplink.frequencyHertz else { return nil }
        let isWide = uplink.bandwidthHertz == 500_000
        let first = first125 + (isWide ? 700_000 : 0)
        let place = (hertz - Double(first)) / (isWide ? 1_600_000 : 200_000)
        guard let number = Int(exactly: place.rounded()), abs(place - place.rounded()) < 0.05,
            (0..<(isWide ? 8 : 64)).contains(number)
        else { return nil }
        return isWide ? 64 + number : number
    }

    private var first125: Int { self == .us915 ? 902_300_000 : 915_200_000 }

    /// What may be sent and heard at all, in hertz.
    public var band: ClosedRange<Int> {
        switch self {
        case .eu868: 863_000_000...870_000_000
        case .us915: 902_000_000...928_000_000
        case .au915: 915_000_000...928_000_000
        }
    }

    /// The channels of 125 kHz that a gateway of eight channels listens to, in hertz. `subBand`: 1 to 8, in America and
    /// Australia.
    public func channels(subBand: Int) -> [Int] {
        switch self {
        case .eu868:
            [868_100_000, 868_300_000, 868_500_000, 867_100_000, 867_300_000, 867_500_000, 867_700_000, 867_900_000]
        case .us915, .au915: (0..<8).map { first125 + 200_000 * (8 * (subBand - 1) + $0) }
        }
    }

    /// The one wide channel of such a gateway: hertz, bandwidth and spreading factor.
    public func wideChannel(subBand: Int) -> (hertz: Int, bandwidth: Int, spreadingFactor: Int) {
        switch self {
        case .eu868: (868_300_000, 250_000, 7)
        case .us915, .au915: (first125 + 700_000 + 1_600_000 * (subBand - 1), 500_000, 8)
        }
    }

    /// The first and last number of the data rates on channels of 125 kHz.
    var narrowRates: ClosedRange<Int> { self == .us915 ? 0...3 : 0...5 }
}
