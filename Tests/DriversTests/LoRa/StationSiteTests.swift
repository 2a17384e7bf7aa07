import Crypto
import FieldProtocols
import Fleet
import GatewayModel
import GatewayTestKit
import HTTPServer
import JSONText
import Testing

@testable import Drivers

@Suite struct StationSites {
    private func device(_ world: LoRaWorld) -> String { "lora-\(world.node.eui)" }

    @Test func aStationIsToldItsChannelsAndTheTime() throws {
        var world = LoRaWorld(region: .us915)
        let opened = world.connect()
        guard case .sighted(let sighting) = try #require(opened.first) else { return }
        #expect(sighting.presence == .online && sighting.device.text == "lora-gw-\(LoRaWorld.station)")
        let answers = world.tell(#"{"msgtype":"version","station":"2.0.6(linux/std)","model":"linux","protocol":2}"#)
        #expect(try LoRaWorld.told(answers)[0]["region"] == "US902")
        guard case .sighted(let version) = try #require(answers.last) else { return }
        #expect(version.firmware == "2.0.6(linux/std)" && version.boardType == "linux")
        let time = try LoRaWorld.told(world.tell(#"{"msgtype":"timesync","txtime":1023024197}"#))
        #expect(time == [["msgtype": "timesync", "txtime": 1_023_024_197, "gpstime": 1_461_924_950_000_000]])
        // Its own transfer of time wants no answer.
        #expect(world.tell(#"{"msgtype":"timesync","xtime":1,"gpstime":2}"#).isEmpty)
    }

    @Test func theLeapSecondsOfTheConfigurationStandBetweenGPSAndUTC() throws {
        var world = LoRaWorld(leapSeconds: 19)
        _ = world.connect()
        _ = world.station(world.node.frame([1]), gps: 1_461_924_948_123_000)
        let json =
            #"{"rxpk":[{"tmms":1461924948123,"freq":868.5,"modu":"LORA","datr":"SF7BW125","data":"\#(Base64.encode(world.node.frame([2])))"}]}"#
        _ = world.datagram(
            SemtechPacket.fromGateway(.pushData, token: 9, gateway: LoRaWorld.gateway, json: Array(json.utf8)))
        _ = world.pass(200)
        #expect(world.batch.observations.map { $0.deviceTime?.milliseconds } == [1_777_889_729_123, 1_777_889_729_123])
        let time = try LoRaWorld.told(world.tell(#"{"msgtype":"timesync","txtime":1}"#))
        #expect(time.first?["gpstime"]?.int64 == 1_461_924_951_200_000)
    }

    @Test func aClockThatNobodyVouchesForIsNotPassedOn() throws {
        var world = LoRaWorld()
        world.isTrusted = false
        _ = world.connect()
        #expect(world.tell(#"{"msgtype":"timesync","txtime":1}"#).isEmpty)
    }

    /// FSK, and a rate that the configured region does not have: the code of the frame tells whose it is.
    @Test(arguments: [7, 12])
    func aFrameOfOursIsStoredWhateverItWasSentWith(rate: Int) {
        var world = LoRaWorld()
        _ = world.connect()
        _ = world.station(world.node.frame([3, 103, 1, 16]), rate: rate)
        var stranger = SimulatedLoRaNode(seed: 8)
        _ = world.station(stranger.frame([1]), rate: rate)
        _ = world.pass(200)
        #expect(world.value("temperature.3") == .number(27.2) && world.batch.observations.count == 1)
        #expect(world.site.status.rejected == ["not_lorawan": 1] && world.batch.notes.isEmpty)
    }

    @Test func aFrameHeardByAStationAndAForwarderIsOneRecord() {
        var world = LoRaWorld()
        _ = world.connect()
        let frame = world.node.frame([3, 103, 1, 16])
        _ = world.push(frame, rssi: -90, snr: -3)
        // The station has GPS.
        #expect(world.station(frame, rssi: -60, snr: 8, gps: 1_461_924_948_123_000).isEmpty)
        _ = world.pass(200)
        #expect(world.batch.observations.count == 1 && world.site.status.duplicates == 1)
        #expect(world.value("lora.gateway") == .text(LoRaWorld.station.description))
        #expect(world.value("lora.gateways") == .number(2) && world.value("temperature.3") == .number(27.2))
        #expect(
            world.value("lora.spreading_factor") == .number(7) && world.value("lora.frequency") == .number(868_500_000))
        #expect(world.batch.observations[0].deviceTime?.milliseconds == 1_777_889_730_123)
        // Replays are refused whichever way they come.
        let newer = world.node.frame([3, 103, 1, 17])
        _ = world.push(newer)
        _ = world.pass(5_000)
        _ = world.station(frame)
        _ = world.pass(200)
        #expect(world.site.status.rejected["replayed_counter"] == 1)
    }

    @Test(
        arguments: [
            (.eu868, 5, 868_500_000, 5, 868_500_000, 0, 869_525_000),
            (.us915, 0, 904_300_000, 10, 924_500_000, 8, 923_300_000),
            (.au915, 6, 917_500_000, 13, 923_900_000, 8, 923_300_000),
        ] as [(LoRaRegion, Int, Int, Int, Int, Int, Int)])
    func aCommandComesBackWithTheSameXtimeInTheWindowsOfTheRegion(
        _ region: LoRaRegion, _ rate: Int, _ hertz: Int, _ rate1: Int, _ hertz1: Int, _ rate2: Int, _ hertz2: Int
    ) throws {
        var world = LoRaWorld(region: region)
        _ = world.connect()
        world.queue.waiting = [world.command("c-1", for: device(world), #"{"hex":"0102","port":9}"#)]
        _ = world.station(world.node.frame([3, 103, 1, 16]), rate: rate, hertz: hertz)
        let message = try #require(LoRaWorld.told(world.pass(200)).first)
        #expect(message["msgtype"] == "dnmsg" && message["xtime"]?.int64 == 40_250_921_680_313_459)
        #expect(message["rctx"] == 2 && message["dC"] == 0 && message["RxDelay"] == 1)
        #expect(message["RX1DR"]?.int == rate1 && message["RX1Freq"]?.int == hertz1)
        #expect(message["RX2DR"]?.int == rate2 && message["RX2Freq"]?.int == hertz2)
        let eui = try #require(message["DevEui"]?.string)
        #expect(LoRaEUI(text: eui) == world.node.eui && eui.utf8.count == 23)
        let read = try #require(world.node.read(LoRaWorld.bytes(message["pdu"]), number: 0))
        #expect(read.port == 9 && read.payload == [1, 2])
        #expect(world.queue.reports.last?.state == .sent)
        let number = try #require(message["diid"]?.int)
        #expect(world.tell(#"{"msgtype":"dntxed","diid":\#(number + 1),"xtime":1}"#).isEmpty)
        guard
            case .report("c-1", .acknowledged, _) = try #require(
                world.tell(#"{"msgtype":"dntxed","diid":\#(number),"xtime":1}"#).first)
        else {
            Issue.record("the command has ended")
            return
        }
    }

    @Test func aDownlinkThatIsNeverReportedEndsItsCommand() throws {
        var world = LoRaWorld()
        _ = world.connect()
        world.queue.waiting = [world.command("c-1", for: device(world), #"{"hex":"01"}"#)]
        _ = world.station(world.node.frame([1]))
        _ = world.pass(200)
        guard case .report("c-1", .refused, _) = try #require(world.pass(5_000).first) else {
            Issue.record("given up")
            return
        }
    }

    @Test func joinsAndProprietaryFramesAreToldOfAndNeverAnswered() {
        var world = LoRaWorld()
        _ = world.connect()
        _ = world.tell(
            #"{"msgtype":"jreq","MHdr":0,"JoinEui":"00-00-00-00-00-00-00-01","DevEui":"00-00-00-00-00-00-00-02","DevNonce":7,"MIC":-1,"DR":5,"Freq":868100000,"upinfo":{"xtime":1,"rctx":0}}"#
        )
        _ = world.tell(
            #"{"msgtype":"propdf","FRMPayload":"E00102030405","DR":5,"Freq":868100000,"upinfo":{"xtime":1}}"#)
        #expect(LoRaWorld.isSilent(world.pass(200)))
        #expect(world.batch.observations.isEmpty)
        #expect(world.batch.notes.map(\.kind) == ["lora_join_request", "lora_proprietary"])
        #expect(world.batch.notes[0].body.contains("0000000000000002"))
        #expect(world.batch.notes[1].body.contains("e00102030405"))
    }

    @Test func whatAStationSaysWronglyIsCountedAndTheConnectionStays() {
        var world = LoRaWorld()
        _ = world.connect()
        for text in [
            "{", "[]", "{}", #"{"msgtype":"updf"}"#, #"{"msgtype":"updf","MHdr":300}"#, #"{"msgtype":"dance"}"#,
        ] {
            #expect(world.tell(text).isEmpty, "\(text)")
        }
        #expect(world.site.receive(.binary([1]), from: LoRaWorld.station, 1, at: world.now, into: &world.batch).isEmpty)
        let rejected = world.site.status.rejected
        #expect(rejected["malformed_json"] == 1 && rejected["not_an_object"] == 1 && rejected["missing_field"] == 2)
        #expect(rejected["number_out_of_range"] == 1 && rejected["unknown_event"] == 2)
        for _ in 0..<600 { _ = world.tell("{}") }
        #expect((world.site.status.rejected["rate_limited"] ?? 0) > 100)
        #expect(world.batch.notes.count <= 5 * 6)
    }

    @Test func theNewestConnectionOfAStationCounts() throws {
        var world = LoRaWorld()
        _ = world.connect(1)
        guard case .hangUp(connection: 1) = try #require(world.connect(2).first) else {
            Issue.record("the old connection is left")
            return
        }
        #expect(world.site.status.stations == 1)
        // The old one ends later, and takes nothing with it.
        #expect(world.site.closed(1, LoRaWorld.station, address: "-", at: world.now).isEmpty)
        world.queue.waiting = [world.command("c-1", for: device(world), #"{"hex":"01"}"#)]
        _ = world.station(world.node.frame([1]), connection: 2)
        #expect(try LoRaWorld.told(world.pass(200)).count == 1)
        guard
            case .sighted(let sighting) = try #require(
                world.site.closed(2, LoRaWorld.station, address: "-", at: world.now).first)
        else { return }
        #expect(sighting.presence == .offline && world.site.status.stations == 0)
    }

    @Test func aPacketForTheGatewayItselfIsRefusedByAStation() {
        var world = LoRaWorld()
        _ = world.connect()
        let gateway = "lora-gw-\(LoRaWorld.station)"
        world.queue.waiting = [
            world.command("t", "transmit", for: gateway, #"{"hex":"01","frequency":868500000,"data_rate":"SF7BW125"}"#)
        ]
        #expect(world.site.serve([DeviceID(gateway)!], at: world.now).isEmpty)
        #expect(world.queue.reports.map(\.state) == [.refused])
    }
}
