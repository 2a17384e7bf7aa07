/// Which channels the gateways of a site listen to, and how a concentrator of two radios is set for it.
public struct ChannelPlan: Sendable, Equatable {
    /// One of the concentrator's two receivers.
    public struct Radio: Sendable, Equatable {
        public var hertz: Int
        /// Its channels, by their distance from its centre.
        public var offsets: [Int]
    }

    /// Whose data rates they have.
    public var region: LoRaRegion
    /// Channels of 125 kHz in hertz, one to eight.
    public var channels: [Int]
    public var wide: (hertz: Int, bandwidth: Int, spreadingFactor: Int)?
    /// Two; the second may have no channels.
    public var radios: [Radio]

    /// A concentrator has so many receivers of 125 kHz.
    public static let channelCountMax = 8
    /// How far from its centre a radio hears a channel of 125 kHz whole.
    static let reach = 400_000

    /// Nil unless there are one to eight channels in the band, which two radios can hear: each hears 800 kHz.
    public init?(_ region: LoRaRegion, subBand: Int = 1, channels own: [Int]? = nil) {
        self.region = region
        channels = own ?? region.channels(subBand: subBand)
        guard (1...Self.channelCountMax).contains(channels.count), Set(channels).count == channels.count,
            channels.allSatisfy({ region.band.contains($0) })
        else { return nil }
        let sorted = channels.sorted()
        let split = sorted.firstIndex { $0 - sorted[0] > 2 * Self.reach } ?? sorted.count
        let groups = [sorted[..<split], sorted[split...]]
        guard groups.allSatisfy({ ($0.last ?? 0) - ($0.first ?? 0) <= 2 * Self.reach }) else { return nil }
        radios = groups.map { group in
            // A radio without channels stays where the other is; it may be needed to send.
            let centre = group.first.map { ($0 + group[group.endIndex - 1]) / 2 } ?? sorted[0]
            return Radio(hertz: centre, offsets: group.map { $0 - centre })
        }
        let wanted = region.wideChannel(subBand: subBand)
        wide = radios.contains { abs($0.hertz - wanted.hertz) <= Self.reach } ? wanted : nil
    }

    /// The region's own channels.
    public static func standard(_ region: LoRaRegion) -> ChannelPlan {
        guard let plan = ChannelPlan(region) else { preconditionFailure("two radios hear every region's own channels") }
        return plan
    }

    public static func == (left: ChannelPlan, right: ChannelPlan) -> Bool {
        left.region == right.region && left.channels == right.channels
    }
}
