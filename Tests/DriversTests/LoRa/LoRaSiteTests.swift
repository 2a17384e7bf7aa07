import Crypto
import FieldProtocols
import Fleet
import GatewayModel
import GatewayTestKit
import JSONText
import Testing

@testable import Drivers

@Suite struct LoRaSites {
    @Test func aFrameIsAcknowledgedAtOnceAndStoredWhenAllHaveSpoken() {
        var world = LoRaWorld()
        let frame = world.node.frame([3, 103, 1, 16])
        #expect(LoRaWorld.sent(world.push(frame, snr: 2)).map(\.bytes) == [[2, 0, 9, 1]])
        #expect(LoRaWorld.sent(world.push(frame, by: LoRaWorld.other, rssi: -80, snr: 8)).count == 1)
        // A datagram that comes twice is no third gateway.
        _ = world.push(frame, by: LoRaWorld.other, rssi: -80, snr: 8)
        #expect(world.batch.isEmpty)
        #expect(world.pass(199).isEmpty && world.batch.isEmpty)
        _ = world.pass(1)
        #expect(world.batch.observations.count == 1 && world.site.status.accepted == 1)
        #expect(world.batch.observations[0].device.text == "lora-\(world.node.eui)")
        #expect(world.batch.observations[0].deviceSeq == 1 && world.batch.observations[0].source == .lora)
        #expect(world.value("temperature.3") == .number(27.2) && world.value("lora.gateways") == .number(2))
        #expect(
            world.value("lora.gateway") == .text(LoRaWorld.other.description) && world.value("lora.snr") == .number(8))
        // Slower than the window: known, and stored no second time.
        _ = world.push(frame)
        _ = world.pass(300)
        #expect(world.batch.observations.count == 1 && world.site.status.duplicates == 3)
    }

    @Test func replayedForgedAndForeignFramesAreCountedAndTold() {
        var world = LoRaWorld()
        let old = world.node.frame([3, 103, 1, 16])
        let new = world.node.frame([3, 103, 1, 17])
        for frame in [old, new] {
            _ = world.push(frame)
            _ = world.pass(200)
        }
        _ = world.pass(10_000)
        _ = world.push(old)
        _ = world.pass(200)
        #expect(world.site.status.rejected["replayed_counter"] == 1)
        var forged = world.node.frame([3, 103, 1, 18])
        forged[forged.count - 1] ^= 1
        _ = world.push(forged)
        var stranger = SimulatedLoRaNode(seed: 8)
        _ = world.push(stranger.frame([1]))
        _ = world.push(Array(repeating: 0, count: 23))
        // Anything may be proprietary, however short.
        _ = world.push([0xFF])
        _ = world.pass(200)
        let rejected = world.site.status.rejected
        #expect(rejected["mic_mismatch"] == 1 && rejected["unknown_device"] == 1 && rejected["join_request"] == 1)
        #expect(world.batch.observations.count == 2)
        let kinds = Set(world.batch.notes.map(\.kind))
        #expect(kinds == ["lora_refused", "lora_unknown_device", "lora_join_request", "lora_proprietary"])
        // What was accepted is remembered once it is durable, not before.
        #expect(world.queue.kept.isEmpty)
        world.site.committed()
        #expect(world.queue.kept.first?.value.up == 2)
    }

    @Test func foreignGatewaysAndFloodsAreNotAnswered() {
        var world = LoRaWorld()
        let stranger = LoRaEUI(1)
        #expect(world.push(world.node.frame([1]), by: stranger).isEmpty)
        #expect(world.site.status.rejected["unknown_gateway"] == 1 && world.batch.notes.count == 1)
        // The list of the stations, which come by another door and show a certificate there, is not this one.
        #expect(world.push(world.node.frame([1]), by: LoRaWorld.station).isEmpty)
        #expect(world.site.status.rejected["unknown_gateway"] == 2 && world.site.status.packets == 0)
        #expect(world.datagram([2, 1]).isEmpty && world.datagram([7, 1, 2, 0, 1]).isEmpty)
        for _ in 0..<600 {
            _ = world.datagram(SemtechPacket.fromGateway(.pullData, token: 1, gateway: LoRaWorld.gateway))
        }
        #expect((world.site.status.rejected["rate_limited"] ?? 0) == 100)
        // However many there are, few are told.
        #expect(world.batch.notes.count <= 5 * 4)
    }

    @Test func damagedPacketsAreCountedAndStatisticsAreReadings() {
        var world = LoRaWorld()
        let damaged = #"{"rxpk":[{"stat":-1,"modu":"LORA","datr":"SF12BW125","data":"3q2+7w=="}]}"#
        _ = world.datagram(
            SemtechPacket.fromGateway(.pushData, token: 1, gateway: LoRaWorld.gateway, json: Array(damaged.utf8)))
        _ = world.pass(300)
        #expect(world.site.status.damagedPackets == 1 && world.batch.isEmpty)
        let report = #"{"stat":{"time":"2026-05-04 10:15:30 GMT","rxnb":12,"ackr":100.0}}"#
        _ = world.datagram(
            SemtechPacket.fromGateway(.pushData, token: 2, gateway: LoRaWorld.gateway, json: Array(report.utf8)))
        #expect(world.batch.observations.first?.device.text == "lora-gw-\(LoRaWorld.gateway)")
        #expect(world.value("gateway.rx") == .number(12) && world.value("gateway.rx_damaged") == .number(1))
    }

    @Test func aFrameThatArrivedDamagedIsNeverDecodedHoweverGoodItLooks() throws {
        var world = LoRaWorld()
        let frame = world.node.frame([3, 103, 1, 16])
        let packet =
            #"{"tmst":1,"freq":868.5,"stat":STAT,"modu":"LORA","datr":"SF7BW125","rssi":-57,"lsnr":9,"data":"\#(Base64.encode(frame))"}"#
        func datagram(_ stat: String) -> [UInt8] {
            let json = #"{"rxpk":["# + packet.replacing("STAT", with: stat) + "]}"
            return SemtechPacket.fromGateway(.pushData, token: 1, gateway: LoRaWorld.gateway, json: Array(json.utf8))
        }
        _ = world.datagram(datagram("-1"))
        _ = world.pass(200)
        #expect(world.batch.isEmpty && world.site.status.damagedPackets == 1 && world.site.status.packets == 0)
        let heard = try datagram("-1").withUnsafeBytes { bytes in
            try SemtechMessage(SemtechPacket(bytes), parser: JSONParser()).uplinks
        }
        #expect(heard.map(\.checksum) == [.bad] && heard[0].payload.isEmpty)
        // Heard well by another it is no duplicate of the damaged one.
        _ = world.datagram(datagram("1"))
        _ = world.pass(200)
        #expect(world.batch.observations.count == 1 && world.site.status.duplicates == 0)
    }

    @Test func aConfirmedFrameIsAcknowledgedThoughNoCommandWaits() throws {
        var world = LoRaWorld()
        _ = world.datagram(SemtechPacket.fromGateway(.pullData, token: 1, gateway: LoRaWorld.gateway))
        _ = world.push(world.node.frame([1]))
        #expect(LoRaWorld.sent(world.pass(200)).isEmpty)
        let frame = world.node.frame([2], isConfirmed: true)
        _ = world.push(frame)
        func acknowledgement(_ number: UInt32) throws {
            let (bytes, _) = try #require(LoRaWorld.sent(world.pass(200)).first)
            let downlink = try #require(
                try bytes.withUnsafeBytes { try SemtechMessage(SemtechPacket($0), parser: JSONParser()).downlink })
            // Sent 200 ms after the frame for the window at one second.
            #expect(downlink.timing == .at(counter: 4_294_000_000 &+ 1_000_000))
            let read = try #require(world.node.read(downlink.payload, number: number))
            #expect(read.port == nil && read.payload.isEmpty && downlink.payload[5] & 0x20 != 0)
        }
        try acknowledgement(0)
        // What was not heard is asked for again, and acknowledged with a number of its own; it is no new record.
        _ = world.pass(3_000)
        _ = world.push(frame)
        try acknowledgement(1)
        #expect(world.site.status.accepted == 2 && world.site.status.downlinks == 2)
        #expect(world.queue.kept.first?.value.down == 2)
        // The gateway's word on it ends no command, and neither does its silence.
        #expect(world.pass(5_000).isEmpty && world.queue.reports.isEmpty)
    }

    @Test(arguments: [true, false])
    func theGatewayThatHeardADeviceBestIsAskedToAnswer(isBestFirst: Bool) throws {
        var world = LoRaWorld()
        let far = try #require(DatagramPeer(host: "192.0.2.8", port: 40_001))
        _ = world.datagram(SemtechPacket.fromGateway(.pullData, token: 1, gateway: LoRaWorld.gateway))
        _ = world.datagram(SemtechPacket.fromGateway(.pullData, token: 2, gateway: LoRaWorld.other), from: far)
        let frame = world.node.frame([1], isConfirmed: true)
        let heard = [(LoRaWorld.gateway, 9.0), (LoRaWorld.other, -3.0)]
        for (gateway, snr) in isBestFirst ? heard : heard.reversed() { _ = world.push(frame, by: gateway, snr: snr) }
        #expect(LoRaWorld.sent(world.pass(200)).map(\.peer.port) == [LoRaWorld.peer.port])
    }

    @Test func aDeviceThatAnotherServerAnswersIsNotAcknowledged() {
        var world = LoRaWorld(isAcknowledged: false)
        _ = world.datagram(SemtechPacket.fromGateway(.pullData, token: 1, gateway: LoRaWorld.gateway))
        _ = world.push(world.node.frame([2], isConfirmed: true))
        #expect(LoRaWorld.sent(world.pass(200)).isEmpty && world.site.status.accepted == 1)
    }

    @Test func inAmericaTheAnswerGoesWhereTheWindowIs() throws {
        var world = LoRaWorld(region: .us915)
        _ = world.datagram(SemtechPacket.fromGateway(.pullData, token: 1, gateway: LoRaWorld.gateway))
        // The frame was heard at 868.5 MHz, which is no channel there.
        _ = world.push(world.node.frame([2], isConfirmed: true))
        #expect(LoRaWorld.sent(world.pass(200)).isEmpty && world.site.status.rejected["no_window"] == 1)
        _ = world.push(world.node.frame([2], isConfirmed: true), megahertz: 904.3, rate: "SF10BW125")
        let (bytes, _) = try #require(LoRaWorld.sent(world.pass(200)).first)
        let downlink = try bytes.withUnsafeBytes {
            try SemtechMessage(SemtechPacket($0), parser: JSONParser()).downlink
        }
        #expect(downlink?.radio.frequencyHertz == 924_500_000 && downlink?.radio.modulation?.dataRate == "SF10BW500")
    }

    @Test func aCommandGoesOutInTheWindowOfTheNextFrameAndTheGatewayEndsIt() throws {
        var world = LoRaWorld()
        let back = try #require(DatagramPeer(host: "192.0.2.7", port: 41_000))
        _ = world.datagram(SemtechPacket.fromGateway(.pullData, token: 1, gateway: LoRaWorld.gateway), from: back)
        let device = "lora-\(world.node.eui)"
        world.queue.waiting = [
            world.command("bad", for: device, #"{"hex":"0"}"#),
            world.command("c-1", for: device, #"{"hex":"0102A0FF","port":9}"#),
        ]
        _ = world.push(world.node.frame([3, 103, 1, 16], isConfirmed: true))
        let downlinks = LoRaWorld.sent(world.pass(200))
        let (bytes, peer) = try #require(downlinks.first)
        // To where the gateway pulls from, not to where it pushed from.
        #expect(downlinks.count == 1 && peer == back)
        let packet = try bytes.withUnsafeBytes { raw -> (UInt16, SemtechDownlink?) in
            let packet = try SemtechPacket(raw)
            return (packet.token, try SemtechMessage(packet, parser: JSONParser()).downlink)
        }
        let downlink = try #require(packet.1)
        // One second after the frame, over the wrap of the counter.
        #expect(downlink.timing == .at(counter: 4_294_000_000 &+ 1_000_000) && downlink.isInverted)
        let read = try #require(world.node.read(downlink.payload, number: 0))
        #expect(read.port == 9 && read.payload == [1, 2, 0xA0, 0xFF])
        #expect(downlink.payload[5] & 0x20 != 0)
        #expect(world.queue.reports.map(\.id) == ["bad", "c-1"] && world.queue.reports[1].state == .sent)
        // Only the gateway that was asked can answer.
        let answer = #"{"txpk_ack":{"error":"TOO_LATE"}}"#
        func transmitAck(_ eui: LoRaEUI) -> [LoRaSite.Action] {
            world.datagram(
                SemtechPacket.fromGateway(.transmitAck, token: packet.0, gateway: eui, json: Array(answer.utf8)))
        }
        #expect(transmitAck(LoRaWorld.other).isEmpty)
        guard case .report("c-1", .refused, let result) = try #require(transmitAck(LoRaWorld.gateway).first) else {
            Issue.record("the command has ended")
            return
        }
        #expect(result?.contains("TOO_LATE") == true)
    }

    @Test func aGatewayThatDoesNotAnswerEndsTheCommandToo() throws {
        var world = LoRaWorld()
        let gateway = "lora-gw-\(LoRaWorld.gateway)"
        world.queue.waiting = [
            world.command("t-0", "transmit", for: gateway, #"{"hex":"01","frequency":1,"data_rate":"SF7BW125"}"#),
            world.command(
                "t-1", "transmit", for: gateway, #"{"hex":"01","frequency":868500000,"data_rate":"SF7BW125"}"#),
        ]
        let actions = world.datagram(SemtechPacket.fromGateway(.pullData, token: 1, gateway: LoRaWorld.gateway))
        #expect(LoRaWorld.sent(actions).count == 2)
        #expect(world.queue.reports.map(\.state) == [.refused, .sent])
        #expect(world.pass(4_999).isEmpty)
        guard case .report("t-1", .refused, _) = try #require(world.pass(1).first) else {
            Issue.record("given up")
            return
        }
    }

    @Test func damagedDatagramsNeverTrap() {
        var world = LoRaWorld()
        var random = SeededRandom(seed: 3)
        let frame = world.node.frame([3, 103, 1, 16])
        let json = #"{"rxpk":[{"tmst":1,"stat":1,"modu":"LORA","datr":"SF7BW125","data":"\#(Base64.encode(frame))"}]}"#
        let sample = SemtechPacket.fromGateway(.pushData, token: 1, gateway: LoRaWorld.gateway, json: Array(json.utf8))
        for _ in 0..<20_000 {
            _ = world.datagram(random.mutated(sample))
            _ = world.pass(25)
            world.batch.removeAll()
        }
    }
}
