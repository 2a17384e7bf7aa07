/// How long a LoRa packet occupies the air (Semtech AN1200.13; LoRaWAN regional parameters for the low-data-rate rule).
public enum TimeOnAir {
    /// What is asked for.
    public struct Packet: Sendable, Equatable {
        public var byteCount: Int
        public var spreadingFactor: Int
        public var bandwidthHertz: Int
        /// The denominator: 5 for 4/5.
        public var codingRate: Int
        /// Symbols, without the 4.25 that the radio adds.
        public var preamble: Int
        public var hasExplicitHeader: Bool
        public var hasChecksum: Bool

        public init(
            byteCount: Int, spreadingFactor: Int, bandwidthHertz: Int = 125_000, codingRate: Int = 5, preamble: Int = 8,
            hasExplicitHeader: Bool = true, hasChecksum: Bool = true
        ) {
            self.byteCount = byteCount
            self.spreadingFactor = spreadingFactor
            self.bandwidthHertz = bandwidthHertz
            self.codingRate = codingRate
            self.preamble = preamble
            self.hasExplicitHeader = hasExplicitHeader
            self.hasChecksum = hasChecksum
        }
    }

    /// Seconds; nil for what no radio can send: 0…255 bytes, SF 5…12, 4/5…4/8, 1 kHz…2 MHz, preamble up to 65,535.
    public static func seconds(_ packet: Packet) -> Double? {
        guard (0...255).contains(packet.byteCount), (5...12).contains(packet.spreadingFactor),
            (1_000...2_000_000).contains(packet.bandwidthHertz), (5...8).contains(packet.codingRate),
            (0...65_535).contains(packet.preamble)
        else { return nil }
        let symbol = Double(1 << packet.spreadingFactor) / Double(packet.bandwidthHertz)
        // A symbol longer than 16 ms drifts: SF11 and SF12 at 125 kHz.
        let lowDataRate = symbol > 0.016 ? 1 : 0
        let bits =
            8 * packet.byteCount - 4 * packet.spreadingFactor + 28 + (packet.hasChecksum ? 16 : 0)
            - (packet.hasExplicitHeader ? 0 : 20)
        let perBlock = 4 * (packet.spreadingFactor - 2 * lowDataRate)
        let blocks = bits > 0 ? (bits + perBlock - 1) / perBlock : 0
        let symbols = 8 + blocks * packet.codingRate
        // In whole quarters of a symbol, so that the result is as short as it can be written.
        let quarters = 4 * (packet.preamble + symbols) + 17
        return Double(quarters) * Double(1 << packet.spreadingFactor) / (4 * Double(packet.bandwidthHertz))
    }
}
