import Drivers
import FieldProtocols
import Fleet
import GatewayModel
import GatewayTestKit
import Glibc
import SQLite
import Serial
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5))) struct SerialIntakeTests {
    private let device = SerialSite.device
    private let otherDevice = SerialSite.otherDevice

    @Test func readingsBehindTextArriveUnderTheIdentityOfThePort() async throws {
        let site = try SerialSite()
        var board = try site.plugIn()
        try await site.run(site.configuration()) { intake in
            await site.wait { $0.presence(of: device) == .online }
            board.pair.send(Array("ESP-ROM:esp32s3-20210327\r\nClaw: GPIO servo initialized\r\n".utf8))
            board.sayHello()
            let seq = board.sendTelemetry(marker: 1_204)
            await site.wait { !$0.sequences(of: device).isEmpty && $0.sightings.contains { $0.reportedID != nil } }
            let ledger = site.ledger
            #expect(ledger.sequences(of: device) == [seq])
            let uptime = ledger.entries[0].readings.first { $0.metric.text == "sys.uptime" }
            #expect(uptime?.value == .number(1_204))
            #expect(ledger.entries[0].observation.source == .serial)
            let hello = try #require(ledger.sightings.last { $0.reportedID != nil })
            #expect(hello.device.text == device && hello.reportedID == "mycobrain-1db410")
            #expect(hello.firmware == "side-a-mdp-2.1.0" && hello.role == "mushroom1")
            #expect(hello.capabilities.contains("estop"))
            #expect(intake.ports()[0].device?.text == device)
        }
        #expect(site.ledger.notes("serial_line").contains { $0.body.contains("Claw: GPIO servo initialized") })
    }

    @Test func aBoardIsAskedForItsHELLO() async throws {
        let site = try SerialSite()
        let board = try site.plugIn()
        try await site.run(site.configuration()) { _ in
            await site.wait { $0.presence(of: device) == .online }
            #expect(board.receiveCommand("hello") != nil)
        }
    }

    @Test func anUnpluggedBoardIsTheSameDeviceWhenItComesBack() async throws {
        let site = try SerialSite()
        var board: SimulatedMDPBoard? = try SimulatedMDPBoard()
        try board?.pair.link(at: site.link(SerialSite.name))
        try await site.run(site.configuration()) { _ in
            await site.wait { $0.presence(of: device) == .online }
            board?.sendTelemetry(marker: 1)
            await site.wait { $0.sequences(of: device).count == 1 }
            board = nil
            // As udev does; the number of the terminal may be another test's in a moment.
            unlink(site.link(SerialSite.name))
            await site.wait { $0.presence(of: device) == .offline }
            board = try SimulatedMDPBoard()
            try board?.pair.link(at: site.link(SerialSite.name))
            await site.wait { $0.presence(of: device) == .online }
            board?.sendTelemetry(marker: 2)
            await site.wait { $0.sequences(of: device).count == 2 }
        }
    }

    @Test func aDriverThatWasStoppedRunsAgain() async throws {
        let site = try SerialSite()
        var board = try site.plugIn()
        try await site.run(site.configuration()) { intake in
            await site.wait { $0.presence(of: device) == .online }
            #expect(intake.condition == .working)
            site.change { $0.stopped = intake }
        }
        let intake = try #require(site.ledger.stopped)
        #expect(intake.condition == .stopped)
        // What was sent meanwhile waited in the port.
        board.sendTelemetry(marker: 1)
        try await site.run(intake) { _ in
            await site.wait { $0.entries.count == 1 }
        }
    }

    @Test func whatABoardAnsweredBeforeARestartIsNotMissingAfterIt() async throws {
        let site = try SerialSite()
        var board = try site.plugIn()
        for round in 1...2 as ClosedRange<UInt32> {
            try await site.run(site.configuration()) { _ in
                let hello = try #require(board.receiveCommand("hello"))
                board.answerHello(hello.header.seq)
                await site.wait { $0.keptHeard.first?.value == [1...round] }
            }
        }
        try await site.run(site.configuration()) { _ in
            board.sendTelemetry(marker: 1)
            await site.wait { $0.entries.count == 1 }
            #expect(site.ledger.entries[0].heard == [1...2])
        }
    }

    @Test func heardNumbersAreKeptInTheDatabase() throws {
        let folder = try TemporaryFolder()
        let database = try Database(path: folder.file("state.db"))
        try database.migrate(HeardNumbers.migrations)
        let heard = HeardNumbers(database: database) { Issue.record("\($0)") }
        let id = try #require(DeviceID(device))
        #expect(heard.kept(id) == [])
        heard.keep([(id, [1...2])])
        heard.keep([(id, [4...4, 7...UInt32.max])])
        #expect(heard.kept(id) == [4...4, 7...UInt32.max])
    }

    @Test func aLinkThatMovesToAnotherPortIsTheSameDevice() async throws {
        let site = try SerialSite()
        var first = try SimulatedMDPBoard()
        var second = try SimulatedMDPBoard()
        try first.pair.link(at: site.link(SerialSite.name))
        try await site.run(site.configuration()) { _ in
            await site.wait { $0.presence(of: device) == .online }
            first.sendTelemetry(marker: 1)
            await site.wait { $0.sequences(of: device).count == 1 }
            let before = site.ledger.sightings.count
            try second.pair.link(at: site.link(SerialSite.name))
            await site.wait { $0.sightings.dropFirst(before).contains { $0.presence == .online } }
            // The first port is still there: what it sends now is not ours.
            first.sendTelemetry(marker: 99)
            second.sendTelemetry(marker: 2)
            await site.wait { $0.sequences(of: device).count == 2 }
            #expect(markers(site.ledger, device) == [1, 2])
        }
    }

    @Test func twoBoardsThatAreSwappedAreNotMixedUp() async throws {
        let site = try SerialSite()
        var first = try SimulatedMDPBoard()
        var second = try SimulatedMDPBoard()
        try first.pair.link(at: site.link(SerialSite.name))
        try second.pair.link(at: site.link(SerialSite.otherName))
        try await site.run(site.configuration(SerialSite.name, SerialSite.otherName)) { _ in
            await site.wait { $0.presence(of: device) == .online && $0.presence(of: otherDevice) == .online }
            first.sendTelemetry(marker: 1)
            second.sendTelemetry(marker: 2)
            await site.wait { $0.entries.count == 2 }
            let before = site.ledger.sightings.count
            try first.pair.link(at: site.link(SerialSite.otherName))
            try second.pair.link(at: site.link(SerialSite.name))
            await site.wait { ledger in
                let new = ledger.sightings.dropFirst(before)
                return [device, otherDevice].allSatisfy { device in
                    new.contains { $0.device.text == device && $0.presence == .offline }
                        && ledger.presence(of: device) == .online
                }
            }
            first.sendTelemetry(marker: 3)
            second.sendTelemetry(marker: 4)
            await site.wait { $0.entries.count == 4 }
            #expect(markers(site.ledger, device) == [1, 4])
            #expect(markers(site.ledger, otherDevice) == [2, 3])
        }
    }

    @Test func portsOfKnownVendorsAreFoundByThemselves() async throws {
        let site = try SerialSite()
        var board = try SimulatedMDPBoard()
        var moved = try SimulatedMDPBoard()
        let plugged = Mutex<[PortEntry]>([
            Self.usbPort(board.pair.path, vendor: 0x303A), Self.usbPort("/dev/null", vendor: 0x1234),
        ])
        let configuration = SerialIntake.Configuration(places: [], discovers: true)
        try await site.run(configuration, listPorts: { _ in plugged.withLock { $0 } }) { intake in
            await site.wait { $0.presence(of: device) == .online }
            board.sendTelemetry(marker: 1)
            await site.wait { $0.entries.count == 1 }
            #expect(intake.ports().map(\.isDiscovered) == [true])
            // Plugged into another socket it has another number and is the same board.
            plugged.withLock { $0 = [Self.usbPort(moved.pair.path, vendor: 0x303A)] }
            let lease = try await intake.leases.borrow(board.pair.path, for: "moving")
            lease.giveBack()
            await site.wait { $0.presence(of: device) == .online }
            moved.sendTelemetry(marker: 2)
            await site.wait { $0.entries.count == 2 }
            #expect(markers(site.ledger, device) == [1, 2])
        }
    }

    private static func usbPort(_ path: String, vendor: UInt16) -> PortEntry {
        var port = PortEntry.unlisted(path)
        port.configuredPaths = []
        port.usb = USBIdentity(vendorID: vendor, productID: 0x1001, serialNumber: "F4:12:FA:AA:BB:CC")
        port.identity = .usbSerial("F4:12:FA:AA:BB:CC")
        return port
    }

    @Test func boardsThatReportOneIDRaiseOneAlarm() async throws {
        let site = try SerialSite()
        var first = try SimulatedMDPBoard()
        var second = try SimulatedMDPBoard()
        try first.pair.link(at: site.link(SerialSite.name))
        try second.pair.link(at: site.link(SerialSite.otherName))
        try await site.run(site.configuration(SerialSite.name, SerialSite.otherName)) { _ in
            await site.wait { $0.presence(of: device) == .online && $0.presence(of: otherDevice) == .online }
            for _ in 0..<3 {
                first.sayHello()
                second.sayHello()
            }
            first.sendTelemetry(marker: 1)
            second.sendTelemetry(marker: 2)
            await site.wait { $0.entries.count == 2 && !$0.notes("identity_collision").isEmpty }
        }
        let alarms = site.ledger.notes("identity_collision")
        #expect(alarms.count == 1)
        #expect(alarms[0].body.contains(device) && alarms[0].body.contains(otherDevice))
    }

    @Test func boardsThatClaimOneAliasStayTwoDevicesAndRaiseAnAlarm() async throws {
        let site = try SerialSite()
        var first = try site.plugIn()
        var second = try site.plugIn(SerialSite.otherName)
        var configuration = site.configuration(SerialSite.name, SerialSite.otherName)
        configuration.aliases = [
            DeviceAlias(device: try #require(DeviceID("greenhouse")), reportedID: "mycobrain-1db410")
        ]
        try await site.run(configuration) { _ in
            #expect(first.receiveCommand("hello") != nil && second.receiveCommand("hello") != nil)
            first.sayHello()
            second.sayHello()
            first.sendTelemetry(marker: 1)
            second.sendTelemetry(marker: 2)
            await site.wait { $0.entries.count == 2 }
        }
        #expect(Set(site.ledger.entries.map(\.observation.device.text)).count == 2)
        let alarms = site.ledger.notes("identity_collision").filter { $0.body.contains("kept_as") }
        #expect(alarms.count == 1 && alarms[0].body.contains("greenhouse"))
    }

    @Test func anAliasByReportedIDNamesEverythingTheBoardSent() async throws {
        let site = try SerialSite()
        var board = try site.plugIn()
        let alias = DeviceAlias(device: try #require(DeviceID("greenhouse")), reportedID: "mycobrain-1db410")
        var configuration = site.configuration()
        configuration.aliases = [alias]
        try await site.run(configuration) { _ in
            #expect(board.receiveCommand("hello") != nil)
            board.sendTelemetry(marker: 1)
            board.sayHello()
            board.sendTelemetry(marker: 2)
            await site.wait { $0.entries.count == 2 }
            #expect(markers(site.ledger, "greenhouse") == [1, 2])
        }
    }

    @Test func whatWaitsForTheNameOfABoardIsStoredWhenTheGatewayStops() async throws {
        let site = try SerialSite()
        var board = try site.plugIn()
        var configuration = site.configuration()
        configuration.aliases = [
            DeviceAlias(device: try #require(DeviceID("greenhouse")), reportedID: "mycobrain-ffffff")
        ]
        try await site.run(configuration) { intake in
            #expect(board.receiveCommand("hello") != nil)
            board.sendTelemetry(marker: 1)
            let count = intake.ports()[0].counts.bytesReceived
            while intake.ports()[0].counts.bytesReceived == count, !Task.isCancelled { await Task.yield() }
        }
        #expect(markers(site.ledger, device) == [1])
    }

    /// A board that boots takes longer to tell its id than it is waited for.
    @Test func aBoardThatTellsItsIDLateHasItsAliasFromThenOn() async throws {
        let site = try SerialSite()
        var board = try site.plugIn()
        var other = try SimulatedMDPBoard(reportedID: "mycobrain-1db410")
        try other.pair.link(at: site.link(SerialSite.otherName))
        var configuration = site.configuration(SerialSite.name, SerialSite.otherName)
        configuration.aliases = [
            DeviceAlias(device: try #require(DeviceID("greenhouse")), reportedID: "mycobrain-1db410")
        ]
        try await site.run(configuration) { _ in
            #expect(board.receiveCommand("hello") != nil && other.receiveCommand("hello") != nil)
            board.sendTelemetry(marker: 1)
            await site.wait { $0.presence(of: device) == .online && $0.presence(of: otherDevice) == .online }
            board.sayHello()
            await site.wait { $0.presence(of: "greenhouse") == .online }
            board.sendTelemetry(marker: 2)
            await site.wait { $0.entries.count == 2 }
            // The first that reports it has it, and keeps it.
            other.sayHello()
            await site.wait { !$0.notes("identity_collision").isEmpty }
            other.sendTelemetry(marker: 3)
            await site.wait { $0.entries.count == 3 }
        }
        #expect(markers(site.ledger, device) == [1] && markers(site.ledger, "greenhouse") == [2])
        #expect(markers(site.ledger, otherDevice) == [3])
        #expect(site.ledger.presence(of: device) == .offline)
        #expect(site.ledger.notes("device_recognised").count == 1)
    }

    private func markers(_ ledger: SerialSite.Ledger, _ device: String) -> [Double] {
        ledger.entries.filter { $0.observation.device.text == device }.compactMap { entry in
            guard case .number(let value)? = entry.readings.first(where: { $0.metric.text == "sys.uptime" })?.value
            else { return nil }
            return value
        }
    }
}
