import Drivers
import FieldProtocols
import GatewayModel
import GatewayTestKit
import Testing

@Suite(.timeLimit(.minutes(5))) struct ModemTalks {
    private func run(
        _ modem: SimulatedModem, _ site: SerialSite, _ body: (SerialIntake) async throws -> Void
    ) async throws {
        defer { modem.stop() }
        try modem.cable.link(at: site.link("modem"))
        let configuration = SerialIntake.Configuration(
            places: [SerialPlace(path: site.link("modem"), kind: .rak3172)],
            aliases: [DeviceAlias(device: DeviceID("field-radio")!, path: site.link("modem"))])
        try await site.run(configuration, body)
    }

    private func command(_ id: String, _ params: String) -> DeviceCommand {
        DeviceCommand(
            id: id, device: DeviceID("field-radio")!, name: "send_payload", params: params, origin: "cli",
            state: .queued, result: nil, created: Timestamp(milliseconds: 0, trusted: false),
            expires: Timestamp(milliseconds: 0, trusted: false))
    }

    @Test func aModemIsSetUpHeardAndSentWith() async throws {
        let site = try SerialSite()
        let modem = try SimulatedModem(refusesKilohertz: true)
        try await run(modem, site) { intake in
            #expect(Eventually.holds(within: .seconds(30)) { modem.isReceiving }, "\(modem.commands)")
            // The bandwidth in kilohertz was refused, so it went as an index.
            #expect(
                modem.commands == [
                    "AT", "AT+NWM=0", "AT+PRECV=0", "AT+P2P=868500000:7:125:0:8:14", "AT+P2P=868500000:7:0:0:8:14",
                    "AT+PRECV=65533",
                ])
            modem.hear([3, 103, 1, 16, 2, 104, 97], rssi: -101, snr: -7)
            await site.wait { !$0.entries.isEmpty }
            let entry = try #require(site.ledger.entries.first)
            #expect(entry.observation.device.text == "field-radio" && entry.observation.source == .lora)
            func value(_ metric: String) -> Reading.Value? {
                entry.readings.first { $0.metric.text == metric }?.value
            }
            #expect(value("temperature.3") == .number(27.2) && value("lora.rssi") == .number(-101))
            #expect(value("lora.frequency") == .number(868_500_000))
            // A packet comes between the command and its answer.
            modem.interject("+EVT:RXP2P:-60:5:01670FFF")
            site.change { $0.waiting = [command("c-1", #"{"hex":"0102A0FF"}"#)] }
            intake.commandsWaiting(for: DeviceID("field-radio")!)
            await site.wait { $0.reports.contains { $0.id == "c-1" && $0.state == .acknowledged } }
            #expect(modem.commands.last == "AT+PSEND=0102A0FF")
            await site.wait { $0.entries.count == 2 }
        }
    }

    @Test func aModemThatStartsAnewIsSetUpAgain() async throws {
        let site = try SerialSite()
        let modem = try SimulatedModem()
        try await run(modem, site) { _ in
            #expect(Eventually.holds(within: .seconds(30)) { modem.isReceiving })
            let before = modem.commands.count
            modem.restart()
            #expect(Eventually.holds(within: .seconds(30)) { modem.isReceiving && modem.commands.count > before })
            // Damaged lines are counted, and the next packet is heard.
            modem.cable.send(Array("+EVT:RXP2P:-57:9:ABC\r\n".utf8))
            modem.hear(Array(#"{"temperature":21.5}"#.utf8))
            await site.wait { !$0.entries.isEmpty }
            #expect(site.ledger.entries[0].readings.first?.value == .number(21.5))
            await site.wait { !$0.notes("serial_frame_damaged").isEmpty }
        }
    }

    @Test func aFrameOfABoardOverTheAirIsReadAsFromItsPort() async throws {
        let site = try SerialSite()
        let modem = try SimulatedModem()
        try await run(modem, site) { _ in
            #expect(Eventually.holds(within: .seconds(30)) { modem.isReceiving })
            let header = MDPHeader(type: .telemetry, seq: 5, source: .sideB, destination: .gateway)
            let text = #"{"type":"telemetry","analog":{"ai1":4095},"bme688":{"a":{"temperature_c":21.5}}}"#
            modem.hear(MDPEncoder.encode(header, payload: Array(text.utf8)))
            await site.wait { ledger in
                ledger.entries.contains { $0.readings.contains { $0.metric.text == "bme688_a.temperature" } }
            }
        }
    }
}
