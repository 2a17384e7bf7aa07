import Drivers
import EventLoop
import FieldProtocols
import Fleet
import GatewayModel
import GatewayTestKit
import Glibc
import Testing

/// Instruments on pseudo terminals, through the real driver.
@Suite(.timeLimit(.minutes(5))) struct InstrumentPortTests {
    private func place(_ path: String, _ kind: PortTalkKind) -> SerialPlace {
        var settings = InstrumentSettings()
        settings.interval = 200
        // The others know their wavelengths themselves.
        if kind == .c12880ma {
            settings.polynomial = WavelengthPolynomial(coefficients: [311.5, 2.7, -0.0011], base: 1)
        }
        return SerialPlace(path: path, kind: kind, instrument: settings)
    }

    @Test func everyKindOfInstrumentIsRecordedAndCommanded() async throws {
        let site = try SerialSite()
        let instruments: [(String, PortTalkKind, any BoardFirmware)] = [
            ("triad", .as7265x, SpectralTriad()), ("sts", .obp, OceanSpectrometer(garbage: 0.1, seed: 6)),
            ("canopy", .c12880ma, LineSensorBoard(interval: .milliseconds(100))),
        ]
        let boards = try instruments.map { name, _, firmware in
            let board = try SimulatedBoard(firmware)
            try board.cable.link(at: site.link(name))
            return board
        }
        var configuration = SerialIntake.Configuration(
            places: instruments.map { place(site.link($0.0), $0.1) })
        configuration.aliases = try instruments.map { name, _, _ in
            DeviceAlias(device: try #require(DeviceID(name)), path: site.link(name))
        }
        try await site.run(configuration) { intake in
            await site.wait { ledger in
                ["triad", "sts", "canopy"].allSatisfy { name in
                    ledger.entries.count { $0.observation.device.text == name } >= 3
                }
            }
            let now = SystemClock(isVouched: true).now().wall
            for device in ["triad", "sts"] {
                let id = try #require(DeviceID(device))
                site.change {
                    $0.waiting.append(
                        DeviceCommand(
                            id: "lamp-" + device, device: id, name: "lamp", params: #"{"on":true}"#, origin: "test",
                            state: .queued, result: nil, created: now,
                            expires: Timestamp(milliseconds: now.milliseconds + 600_000, trusted: true)))
                }
                intake.commandsWaiting(for: id)
            }
            await site.wait { ledger in
                ["lamp-triad", "lamp-sts"].allSatisfy { id in
                    ledger.reports.contains { $0.id == id && $0.state == .acknowledged }
                }
            }
        }
        #expect((boards[0].firmware as? SpectralTriad)?.lamps == [1, 3, 5])
        #expect((boards[1].firmware as? OceanSpectrometer)?.isLampOn == true)
        // It has been told to, and understands nothing unless the terminal is set to the speed that it was told.
        #expect((boards[1].firmware as? OceanSpectrometer)?.baud == 115_200 && boards[1].cable.baud == 115_200)
        let spectrum = try #require(site.ledger.entries.first { $0.observation.device.text == "sts" })
        #expect(spectrum.readings.count { $0.metric.text.hasPrefix("spectrum.3") } > 100)
        for board in boards { board.stop() }
    }

    @Test func anInstrumentThatIsPulledOutAndPutBackGoesOn() async throws {
        let site = try SerialSite()
        var board: SimulatedBoard? = try SimulatedBoard(OceanSpectrometer())
        try board?.cable.link(at: site.link("sts"))
        var configuration = SerialIntake.Configuration(places: [place(site.link("sts"), .obp)])
        configuration.aliases = [DeviceAlias(device: try #require(DeviceID("sts")), path: site.link("sts"))]
        try await site.run(configuration) { _ in
            await site.wait { !$0.entries.isEmpty }
            board?.stop()
            board = nil
            unlink(site.link("sts"))
            await site.wait { $0.presence(of: "sts") == .offline }
            let before = site.ledger.entries.count
            board = try SimulatedBoard(OceanSpectrometer(serialNumber: "S05507"))
            try board?.cable.link(at: site.link("sts"))
            await site.wait { $0.entries.count > before }
        }
        #expect(Set(site.ledger.entries.map(\.observation.device.text)) == ["sts"])
        board?.stop()
    }
}
