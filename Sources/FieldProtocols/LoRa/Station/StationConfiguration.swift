internal import JSONText

/// What a station is told when it has said who it is: `router_config` of the LNS protocol.
public enum StationConfiguration {
    /// The message for a plan. Join requests are passed on from all networks, since they are only told of.
    public static func message(_ plan: ChannelPlan) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("msgtype")
        writer.string("router_config")
        for key in ["NetID", "JoinEui"] {
            writer.key(key)
            writer.null()
        }
        writer.key("region")
        writer.string(plan.region.stationName)
        writer.key("hwspec")
        writer.string("sx1301/1")
        writer.key("freq_range")
        integers([plan.region.band.lowerBound, plan.region.band.upperBound], &writer)
        writer.key("DRs")
        writer.beginArray()
        for number in 0..<16 { integers(Self.dataRate(number, plan.region), &writer) }
        writer.endArray()
        writer.key("upchannels")
        writer.beginArray()
        let rates = plan.region.narrowRates
        for hertz in plan.channels { integers([hertz, rates.lowerBound, rates.upperBound], &writer) }
        if let wide = plan.wide, let rate = plan.region.dataRate(Self.modulation(wide), isUplink: true) {
            integers([wide.hertz, rate, rate], &writer)
        }
        writer.endArray()
        writer.key("sx1301_conf")
        writer.beginArray()
        concentrator(plan, &writer)
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    private static func modulation(
        _ wide: (hertz: Int, bandwidth: Int, spreadingFactor: Int)
    ) -> RadioSetting.Modulation { .lora(spreadingFactor: wide.spreadingFactor, bandwidthHertz: wide.bandwidth) }

    /// Spreading factor, kilohertz and whether only gateways use it; 0 stands for FSK, -1 for none.
    private static func dataRate(_ number: Int, _ region: LoRaRegion) -> [Int] {
        let rates = region.dataRates
        guard number < rates.count, let rate = rates[number] else { return [-1, 0, 0] }
        guard case .lora(let factor, let hertz) = rate else { return [0, 0, 0] }
        return [factor, hertz / 1_000, number >= 8 ? 1 : 0]
    }

    private static func concentrator(_ plan: ChannelPlan, _ writer: inout JSONWriter) {
        writer.beginObject()
        for (number, radio) in plan.radios.enumerated() {
            object("radio_\(number)", [("freq", radio.hertz)], &writer)
        }
        var channel = 0
        for (number, radio) in plan.radios.enumerated() {
            for offset in radio.offsets {
                object("chan_multiSF_\(channel)", [("radio", number), ("if", offset)], &writer)
                channel += 1
            }
        }
        if let wide = plan.wide,
            let radio = plan.radios.firstIndex(where: { abs($0.hertz - wide.hertz) <= ChannelPlan.reach })
        {
            object(
                "chan_Lora_std",
                [
                    ("radio", radio), ("if", wide.hertz - plan.radios[radio].hertz), ("bandwidth", wide.bandwidth),
                    ("spread_factor", wide.spreadingFactor),
                ], &writer)
        }
        writer.endObject()
    }

    private static func object(_ key: String, _ members: [(String, Int)], _ writer: inout JSONWriter) {
        writer.key(key)
        writer.beginObject()
        writer.key("enable")
        writer.bool(true)
        for (name, value) in members {
            writer.key(name)
            writer.integer(value)
        }
        writer.endObject()
    }

    private static func integers(_ values: [Int], _ writer: inout JSONWriter) {
        writer.beginArray()
        for value in values { writer.integer(value) }
        writer.endArray()
    }
}

extension LoRaRegion {
    /// As stations of every version know it.
    var stationName: String {
        switch self {
        case .eu868: "EU863"
        case .us915: "US902"
        case .au915: "AU915"
        }
    }
}
