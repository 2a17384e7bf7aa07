import Crypto
import FieldProtocols
import Fleet
import GatewayModel
import GatewayTestKit
import JSONText
import Testing

@testable import Drivers

@Suite struct SemtechSites {
    private static let gateway = LoRaEUI(0x0016_C001_FF10_A235)
    private static let other = LoRaEUI(0x0016_C001_FF10_A236)

    /// One site with one device, driven by hand.
    private struct World {
        var node = SimulatedLoRaNode(seed: 7)
        var site: SemtechSite
        var batch = ObservationBatch()
        var milliseconds: Int64 = 1_000
        let queue = Queue()

        final class Queue: @unchecked Sendable {
            // One test, one thread.
            var waiting: [DeviceCommand] = []
            var reports: [(id: String, state: DeviceCommand.State, result: String?)] = []
            var kept: [DeviceID: FrameCounters.Kept] = [:]
        }

        init() {
            let queue = queue
            site = SemtechSite(
                SemtechConfiguration(
                    listen: DatagramPeer(host: "127.0.0.1", port: 0)!, gateways: [gateway, other],
                    devices: [
                        .init(
                            eui: node.eui, address: node.address, networkKey: node.networkKey,
                            applicationKey: node.applicationKey)
                    ]),
                commands: CommandSource(
                    waiting: { device in queue.waiting.filter { $0.device == device } },
                    report: { id, state, result in
                        queue.waiting.removeAll { $0.id == id }
                        queue.reports.append((id, state, result))
                        return true
                    }),
                counters: FrameCounters(
                    kept: { queue.kept[$0] ?? .init(up: nil, down: 0) },
                    keep: {
                        queue.kept[$0] = $1; return true
                    }),
                profile: { _, _, _, _, _ in nil }, firstToken: 1)
        }

        var now: ReceiveTime {
            ReceiveTime(
                wall: Timestamp(milliseconds: 1_777_889_731_000 + milliseconds, trusted: true),
                monotonicMilliseconds: milliseconds)
        }

        static let peer = DatagramPeer(host: "192.0.2.7", port: 40_000)!

        mutating func datagram(_ bytes: [UInt8], from peer: DatagramPeer = World.peer) -> [SemtechSite.Action] {
            bytes.withUnsafeBytes { site.receive($0, from: peer, at: now, into: &batch) }
        }

        mutating func push(
            _ frame: [UInt8], by gateway: LoRaEUI = SemtechSites.gateway, rssi: Int = -57, snr: Double = 9.5
        ) -> [SemtechSite.Action] {
            let json =
                #"{"rxpk":[{"tmst":4294000000,"freq":868.5,"stat":1,"modu":"LORA","datr":"SF7BW125","codr":"4/5","#
                + #""rssi":\#(rssi),"lsnr":\#(snr),"data":"\#(Base64.encode(frame))"}]}"#
            return datagram(SemtechPacket.fromGateway(.pushData, token: 9, gateway: gateway, json: Array(json.utf8)))
        }

        mutating func pass(_ milliseconds: Int64) -> [SemtechSite.Action] {
            self.milliseconds += milliseconds
            return site.tick(now, into: &batch)
        }

        func value(_ metric: String) -> Reading.Value? {
            batch.readings.last { $0.metric.text == metric }?.value
        }

        func command(
            _ id: String, _ name: String = "send_payload", for device: String, _ params: String
        ) -> DeviceCommand {
            DeviceCommand(
                id: id, device: DeviceID(device)!, name: name, params: params, origin: "cli", state: .queued,
                result: nil, created: now.wall, expires: now.wall)
        }
    }

    private func sent(_ actions: [SemtechSite.Action]) -> [(bytes: [UInt8], peer: DatagramPeer)] {
        actions.compactMap { if case .send(let bytes, let peer) = $0 { (bytes, peer) } else { nil } }
    }

    @Test func aFrameIsAcknowledgedAtOnceAndStoredWhenAllHaveSpoken() {
        var world = World()
        let frame = world.node.frame([3, 103, 1, 16])
        #expect(sent(world.push(frame, snr: 2)).map(\.bytes) == [[2, 0, 9, 1]])
        #expect(sent(world.push(frame, by: Self.other, rssi: -80, snr: 8)).count == 1)
        // A datagram that comes twice is no third gateway.
        _ = world.push(frame, by: Self.other, rssi: -80, snr: 8)
        #expect(world.batch.isEmpty)
        #expect(world.pass(199).isEmpty && world.batch.isEmpty)
        _ = world.pass(1)
        #expect(world.batch.observations.count == 1 && world.site.status.accepted == 1)
        #expect(world.batch.observations[0].device.text == "lora-\(world.node.eui)")
        #expect(world.batch.observations[0].deviceSeq == 1 && world.batch.observations[0].source == .lora)
        #expect(world.value("temperature.3") == .number(27.2) && world.value("lora.gateways") == .number(2))
        #expect(world.value("lora.gateway") == .text(Self.other.description) && world.value("lora.snr") == .number(8))
        // Slower than the window: known, and stored no second time.
        _ = world.push(frame)
        _ = world.pass(300)
        #expect(world.batch.observations.count == 1 && world.site.status.duplicates == 3)
    }

    @Test func replayedForgedAndForeignFramesAreCountedAndTold() {
        var world = World()
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
        _ = world.push([0xFF])
        _ = world.pass(200)
        let rejected = world.site.status.rejected
        #expect(rejected["mic_mismatch"] == 1 && rejected["unknown_device"] == 1 && rejected["join_request"] == 1)
        #expect(world.batch.observations.count == 2)
        let kinds = Set(world.batch.notes.map(\.kind))
        #expect(kinds == ["lora_refused", "lora_unknown_device", "lora_join_request"])
        // What was accepted is remembered once it is durable, not before.
        #expect(world.queue.kept.isEmpty)
        world.site.committed()
        #expect(world.queue.kept.first?.value.up == 2)
    }

    @Test func foreignGatewaysAndFloodsAreNotAnswered() {
        var world = World()
        let stranger = LoRaEUI(1)
        #expect(world.push(world.node.frame([1]), by: stranger).isEmpty)
        #expect(world.site.status.rejected["unknown_gateway"] == 1 && world.batch.notes.count == 1)
        #expect(world.datagram([2, 1]).isEmpty && world.datagram([7, 1, 2, 0, 1]).isEmpty)
        for _ in 0..<600 { _ = world.datagram(SemtechPacket.fromGateway(.pullData, token: 1, gateway: Self.gateway)) }
        #expect((world.site.status.rejected["rate_limited"] ?? 0) == 100)
        // However many there are, few are told.
        #expect(world.batch.notes.count <= 5 * 4)
    }

    @Test func damagedPacketsAreCountedAndStatisticsAreReadings() {
        var world = World()
        let damaged = #"{"rxpk":[{"stat":-1,"modu":"LORA","datr":"SF12BW125","data":"3q2+7w=="}]}"#
        _ = world.datagram(
            SemtechPacket.fromGateway(.pushData, token: 1, gateway: Self.gateway, json: Array(damaged.utf8)))
        _ = world.pass(300)
        #expect(world.site.status.damagedPackets == 1 && world.batch.isEmpty)
        let report = #"{"stat":{"time":"2026-05-04 10:15:30 GMT","rxnb":12,"ackr":100.0}}"#
        _ = world.datagram(
            SemtechPacket.fromGateway(.pushData, token: 2, gateway: Self.gateway, json: Array(report.utf8)))
        #expect(world.batch.observations.first?.device.text == "lora-gw-\(Self.gateway)")
        #expect(world.value("gateway.rx") == .number(12) && world.value("gateway.rx_damaged") == .number(1))
    }

    @Test func aCommandGoesOutInTheWindowOfTheNextFrameAndTheGatewayEndsIt() throws {
        var world = World()
        let back = try #require(DatagramPeer(host: "192.0.2.7", port: 41_000))
        _ = world.datagram(SemtechPacket.fromGateway(.pullData, token: 1, gateway: Self.gateway), from: back)
        let device = "lora-\(world.node.eui)"
        world.queue.waiting = [
            world.command("bad", for: device, #"{"hex":"0"}"#),
            world.command("c-1", for: device, #"{"hex":"0102A0FF","port":9}"#),
        ]
        _ = world.push(world.node.frame([3, 103, 1, 16], isConfirmed: true))
        let downlinks = sent(world.pass(200))
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
        func transmitAck(_ eui: LoRaEUI) -> [SemtechSite.Action] {
            world.datagram(
                SemtechPacket.fromGateway(.transmitAck, token: packet.0, gateway: eui, json: Array(answer.utf8)))
        }
        #expect(transmitAck(Self.other).isEmpty)
        guard case .report("c-1", .refused, let result) = try #require(transmitAck(Self.gateway).first) else {
            Issue.record("the command has ended")
            return
        }
        #expect(result?.contains("TOO_LATE") == true)
    }

    @Test func aGatewayThatDoesNotAnswerEndsTheCommandToo() throws {
        var world = World()
        let gateway = "lora-gw-\(Self.gateway)"
        world.queue.waiting = [
            world.command("t-0", "transmit", for: gateway, #"{"hex":"01","frequency":1,"data_rate":"SF7BW125"}"#),
            world.command(
                "t-1", "transmit", for: gateway, #"{"hex":"01","frequency":868500000,"data_rate":"SF7BW125"}"#),
        ]
        let actions = world.datagram(SemtechPacket.fromGateway(.pullData, token: 1, gateway: Self.gateway))
        #expect(sent(actions).count == 2)
        #expect(world.queue.reports.map(\.state) == [.refused, .sent])
        #expect(world.pass(4_999).isEmpty)
        guard case .report("t-1", .refused, _) = try #require(world.pass(1).first) else {
            Issue.record("given up")
            return
        }
    }

    @Test func damagedDatagramsNeverTrap() {
        var world = World()
        var random = SeededRandom(seed: 3)
        let frame = world.node.frame([3, 103, 1, 16])
        let json = #"{"rxpk":[{"tmst":1,"stat":1,"modu":"LORA","datr":"SF7BW125","data":"\#(Base64.encode(frame))"}]}"#
        let sample = SemtechPacket.fromGateway(.pushData, token: 1, gateway: Self.gateway, json: Array(json.utf8))
        for _ in 0..<20_000 {
            _ = world.datagram(random.mutated(sample))
            _ = world.pass(25)
            world.batch.removeAll()
        }
    }
}
