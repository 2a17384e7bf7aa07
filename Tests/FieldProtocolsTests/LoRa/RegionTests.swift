import FieldProtocols
import JSONText
import Testing

@Suite struct LoRaRegions {
    private func heard(_ megahertz: Double, _ rate: String) -> RadioSetting {
        RadioSetting(
            modulation: RadioSetting.dataRate(rate), frequencyHertz: (megahertz * 1e6).rounded(), codingRate: "4/5")
    }

    /// RP002, sections 2.4.8, 2.5.8 and 2.8.8, with an offset of zero.
    @Test(
        arguments: [
            (.eu868, 868.5, "SF7BW125", 868.5, "SF7BW125"), (.eu868, 867.1, "SF12BW125", 867.1, "SF12BW125"),
            (.us915, 902.3, "SF10BW125", 923.3, "SF10BW500"), (.us915, 903.9, "SF7BW125", 923.3, "SF7BW500"),
            (.us915, 905.3, "SF9BW125", 927.5, "SF9BW500"), (.us915, 914.9, "SF8BW125", 927.5, "SF8BW500"),
            (.us915, 904.6, "SF8BW500", 923.9, "SF7BW500"), (.us915, 914.2, "SF8BW500", 927.5, "SF7BW500"),
            (.au915, 916.8, "SF12BW125", 923.3, "SF12BW500"), (.au915, 918.2, "SF7BW125", 927.5, "SF7BW500"),
            (.au915, 917.5, "SF8BW500", 923.9, "SF7BW500"),
        ] as [(LoRaRegion, Double, String, Double, String)])
    func theFirstWindowIsWhereTheRegionHasIt(
        _ region: LoRaRegion, _ up: Double, _ rate: String, _ down: Double, _ downRate: String
    ) throws {
        let window = try #require(region.firstWindow(after: heard(up, rate)))
        #expect(window.frequencyHertz == (down * 1e6).rounded() && window.modulation?.dataRate == downRate)
        #expect(window.codingRate == "4/5")
    }

    @Test func aFrameOnNoChannelOfTheRegionHasNoWindow() {
        for radio in [
            heard(868.5, "SF7BW125"), heard(902.4, "SF7BW125"), heard(915.1, "SF7BW125"), heard(902.3, "SF12BW125"),
        ] {
            #expect(LoRaRegion.us915.firstWindow(after: radio) == nil)
        }
        #expect(LoRaRegion.au915.firstWindow(after: RadioSetting()) == nil)
    }

    @Test func numbersOfDataRatesAreThoseOfTheSender() throws {
        let wide = RadioSetting.dataRate("SF8BW500")
        #expect(LoRaRegion.us915.dataRate(wide, isUplink: true) == 4)
        #expect(LoRaRegion.us915.dataRate(wide, isUplink: false) == 12)
        #expect(LoRaRegion.au915.dataRate(RadioSetting.dataRate("SF12BW500"), isUplink: false) == 8)
        #expect(LoRaRegion.eu868.dataRate(RadioSetting.dataRate("SF7BW125"), isUplink: false) == 5)
        #expect(LoRaRegion.eu868.dataRate(RadioSetting.dataRate("SF8BW500"), isUplink: true) == nil)
    }

    @Test func aStationIsSetForTheChannelsOfItsRegion() throws {
        let message = try JSON(parsing: StationConfiguration.message(.standard(.eu868)))
        #expect(
            message["msgtype"] == "router_config" && message["region"] == "EU863" && message["hwspec"] == "sx1301/1")
        #expect(message["freq_range"] == [863_000_000, 870_000_000])
        let rates = try #require(message["DRs"]?.array)
        #expect(rates.count == 16 && rates[0] == [12, 125, 0] && rates[5] == [7, 125, 0] && rates[6] == [7, 250, 0])
        #expect(rates[7] == [0, 0, 0] && rates[8] == [-1, 0, 0])
        #expect(message["upchannels"]?.array?.first == [868_100_000, 0, 5])
        #expect(message["upchannels"]?.array?.last == [868_300_000, 6, 6])
        let radios = try #require(message["sx1301_conf"]?[0])
        #expect(radios["radio_0"] == ["enable": true, "freq": 867_500_000])
        #expect(radios["radio_1"] == ["enable": true, "freq": 868_300_000])
        #expect(radios["chan_multiSF_0"] == ["enable": true, "radio": 0, "if": -400_000])
        #expect(radios["chan_multiSF_7"] == ["enable": true, "radio": 1, "if": 200_000])
        #expect(radios["chan_Lora_std"]?["bandwidth"] == 250_000 && radios["chan_Lora_std"]?["if"] == 0)
    }

    @Test func aSubBandInAmericaIsHeardByTwoRadios() throws {
        let plan = try #require(ChannelPlan(.us915, subBand: 2))
        #expect(plan.channels.first == 903_900_000 && plan.channels.last == 905_300_000)
        let message = try JSON(parsing: StationConfiguration.message(plan))
        #expect(message["region"] == "US902")
        let rates = try #require(message["DRs"]?.array)
        #expect(
            rates[0] == [10, 125, 0] && rates[4] == [8, 500, 0] && rates[5] == [-1, 0, 0] && rates[8] == [12, 500, 1])
        #expect(rates[13] == [7, 500, 1] && rates[14] == [-1, 0, 0])
        // Every channel is where a radio is, shifted by what it says.
        let conf = try #require(message["sx1301_conf"]?[0])
        let heard = (0..<8).compactMap { number -> Int? in
            guard let channel = conf["chan_multiSF_\(number)"], let radio = channel["radio"]?.int,
                let centre = conf["radio_\(radio)"]?["freq"]?.int, let offset = channel["if"]?.int
            else { return nil }
            return centre + offset
        }
        #expect(heard == plan.channels)
        let wide = try #require(conf["chan_Lora_std"])
        #expect(
            wide["radio"] == 0 && wide["if"] == 300_000 && wide["bandwidth"] == 500_000 && wide["spread_factor"] == 8)
        #expect(conf["radio_0"]?["freq"] == 904_300_000)
    }

    @Test func channelsThatTwoRadiosCannotHearAreNoPlan() {
        #expect(ChannelPlan(.eu868, channels: [868_100_000]) != nil)
        #expect(ChannelPlan(.eu868, channels: []) == nil)
        #expect(ChannelPlan(.eu868, channels: [868_100_000, 868_100_000]) == nil)
        #expect(ChannelPlan(.eu868, channels: [902_300_000]) == nil)
        #expect(ChannelPlan(.eu868, channels: [863_100_000, 865_000_000, 868_100_000]) == nil)
        #expect(ChannelPlan(.us915, channels: (0..<9).map { 902_300_000 + 200_000 * $0 }) == nil)
        for band in 1...8 {
            #expect(ChannelPlan(.us915, subBand: band) != nil && ChannelPlan(.au915, subBand: band) != nil)
        }
    }

    @Test func leapSecondsStandBetweenGPSAndUTC() {
        // 2026-05-04T10:15:30Z is 18 s further by GPS.
        #expect(GPSTime.unixMilliseconds(1_461_924_948_000) == 1_777_889_730_000)
        #expect(GPSTime.unixMilliseconds(1_461_924_948_000, leapSeconds: 19) == 1_777_889_729_000)
        #expect(GPSTime.gpsMicroseconds(1_777_889_730_123) == 1_461_924_948_123_000)
    }
}
