import Drivers
import Fleet
import GatewayModel
import GatewayTestKit
import Serial
import Synchronization
import Testing

/// Ports that come, go, change their numbers and are not what they were.
@Suite(.timeLimit(.minutes(5))) struct SerialMoveTests {
    private static let serials = ["F4:12:FA:AA:BB:CC", "F4:12:FA:DD:EE:FF"]

    /// A port as the box lists it.
    private static func usbPort(_ path: String, serial: String) -> PortEntry {
        var port = PortEntry.unlisted(path)
        port.configuredPaths = []
        port.usb = USBIdentity(vendorID: 0x303A, productID: 0x1001, serialNumber: serial)
        port.identity = .usbSerial(serial)
        return port
    }

    @Test func boardsPluggedBackIntoEachOthersSocketsKeepTheirNames() async throws {
        let site = try SerialSite()
        let listed = Mutex<[PortEntry]>([])
        let configuration = SerialIntake.Configuration(places: [], discovers: true)
        var boards: [SimulatedMDPBoard] = []
        func plugIn(_ serials: [String]) throws {
            boards = try serials.map { _ in try SimulatedMDPBoard() }
            let entries = zip(boards, serials).map { Self.usbPort($0.pair.path, serial: $1) }
            listed.withLock { $0 = entries }
        }
        try plugIn(Self.serials)
        let devices = [SerialSite.device, SerialSite.otherDevice]
        try await site.run(configuration, listPorts: { _ in listed.withLock { $0 } }) { intake in
            await site.wait { ledger in devices.allSatisfy { ledger.presence(of: $0) == .online } }
            for index in boards.indices { boards[index].sendTelemetry(marker: index + 1) }
            await site.wait { $0.entries.count == 2 }
            let path = boards[0].pair.path
            listed.withLock { $0 = [] }
            boards = []
            await site.wait { ledger in devices.allSatisfy { ledger.presence(of: $0) == .offline } }
            // The kernel gives the same numbers again, in the order in which the boards come.
            try plugIn(Self.serials.reversed())
            // Giving back a port makes the driver look at once.
            try await intake.leases.borrow(path, for: "looking").giveBack()
            await site.wait { ledger in devices.allSatisfy { ledger.presence(of: $0) == .online } }
            for index in boards.indices { boards[index].sendTelemetry(marker: index + 3) }
            await site.wait { $0.entries.count == 4 }
            #expect(markers(site.ledger, SerialSite.device) == [1, 4])
            #expect(markers(site.ledger, SerialSite.otherDevice) == [2, 3])
        }
    }

    @Test func aBoardThatGotTheNumberOfAnotherDoesNotKeepThatOneOut() async throws {
        let site = try SerialSite()
        let listed = Mutex<[PortEntry]>([])
        // Giving back a port makes the driver look at once; this one is not there.
        let spare = site.link("spare")
        let configuration = SerialIntake.Configuration(places: [SerialPlace(path: spare)], discovers: true)
        var boards = [try SimulatedMDPBoard()]
        func show(_ serials: [String]) {
            let entries = zip(boards, serials).map { Self.usbPort($0.pair.path, serial: $1) }
            listed.withLock { $0 = entries }
        }
        show([Self.serials[0]])
        try await site.run(configuration, listPorts: { _ in listed.withLock { $0 } }) { intake in
            await site.wait { $0.presence(of: SerialSite.device) == .online }
            boards = []
            show([])
            await site.wait { $0.presence(of: SerialSite.device) == .offline }
            // The kernel gives the lowest number that is free.
            boards = [try SimulatedMDPBoard()]
            show([Self.serials[1]])
            try await intake.leases.borrow(spare, for: "looking").giveBack()
            await site.wait { $0.presence(of: SerialSite.otherDevice) == .online }
            boards.append(try SimulatedMDPBoard())
            show(Self.serials.reversed())
            try await intake.leases.borrow(spare, for: "looking").giveBack()
            await site.wait { $0.presence(of: SerialSite.device) == .online }
            for index in boards.indices { boards[index].sendTelemetry(marker: index + 1) }
            await site.wait { $0.entries.count == 2 }
            #expect(markers(site.ledger, SerialSite.device) == [2])
            #expect(markers(site.ledger, SerialSite.otherDevice) == [1])
        }
    }

    /// Things happen before and after a port is opened, on the thread that opens it: at the first attempt only.
    private func opener(
        before: @escaping @Sendable () -> Void, after: @escaping @Sendable () -> Void = {}
    ) -> SerialIntake.Outlets.OpenPort {
        let attempts = Atomic<Int>(0)
        return { (path, settings) throws(SerialError) in
            let isFirst = attempts.add(1, ordering: .relaxed).newValue == 1
            if isFirst { before() }
            defer { if isFirst { after() } }
            return try SerialPort(opening: path, settings: settings)
        }
    }

    @Test func aBoardWhoseLinkIsMovedToItWhileItIsOpenedIsNotTakenForTheOther() async throws {
        let site = try SerialSite()
        var boards = [try SimulatedMDPBoard(), try SimulatedMDPBoard()]
        let link = site.link("socket")
        try boards[0].pair.link(at: link)
        let listed = zip(boards, Self.serials).map { Self.usbPort($0.pair.path, serial: $1) }
        let later = boards[1].pair
        let opener = opener(before: {
            // A folder that takes no link fails the test by the name of the device.
            try? later.link(at: link)
        })
        let configuration = SerialIntake.Configuration(places: [SerialPlace(path: link)])
        try await site.run(configuration, listPorts: { _ in listed }, openPort: opener) { _ in
            await site.wait { ledger in
                [SerialSite.device, SerialSite.otherDevice].contains { ledger.presence(of: $0) == .online }
            }
            boards[1].sendTelemetry(marker: 1)
            await site.wait { $0.entries.count == 1 }
            #expect(markers(site.ledger, SerialSite.otherDevice) == [1])
            #expect(site.ledger.presence(of: SerialSite.device) == nil)
        }
    }

    @Test(arguments: [true, false]) func aBoardThatGoesWhileItIsOpenedComesBack(before isBefore: Bool) async throws {
        let site = try SerialSite()
        let plugged = Mutex<SimulatedMDPBoard?>(try site.plugIn())
        let hasGone = Mutex(false)
        let opener = opener(
            before: { if isBefore { plugged.withLock { $0 = nil } } },
            after: {
                plugged.withLock { $0 = nil }
                hasGone.withLock { $0 = true }
                site.change { _ in }
            })
        try await site.run(site.configuration(), openPort: opener) { _ in
            await site.wait { _ in hasGone.withLock { $0 } }
            var board = try site.plugIn()
            await site.wait { $0.presence(of: SerialSite.device) == .online }
            board.sendTelemetry(marker: 1)
            await site.wait { $0.entries.count == 1 }
        }
    }

    @Test func anAdapterThatModbusHasIsNoBoardToBeFound() async throws {
        let site = try SerialSite()
        let (adapter, board) = (try PtyPair(gatewayEnd: .free), try SimulatedMDPBoard())
        try adapter.link(at: site.link("adapter"))
        var configuration = SerialIntake.Configuration(places: [], discovers: true)
        // As it is configured; the box lists it by another path.
        configuration.foreignPaths = [site.link("adapter")]
        let listed = zip([adapter, board.pair], Self.serials).map { Self.usbPort($0.path, serial: $1) }
        try await site.run(configuration, listPorts: { _ in listed }) { intake in
            await site.wait { $0.presence(of: SerialSite.otherDevice) == .online }
            #expect(intake.ports().map(\.path) == [board.pair.path])
            #expect(site.ledger.presence(of: SerialSite.device) == nil && !adapter.isListened)
        }
    }

    @Test func anInstrumentIsNotAskedWhatOnlyABoardUnderstands() async throws {
        let site = try SerialSite()
        let board = try site.plugIn()
        let place = SerialPlace(path: site.link(SerialSite.name), kind: .c12880ma)
        try await site.run(SerialIntake.Configuration(places: [place])) { intake in
            await site.wait { $0.presence(of: "c12880ma-f412faaabbcc") == .online }
            #expect(!board.pair.receive(within: .zero).contains(0))
            #expect(intake.ports().map(\.driver) == [.c12880ma])
        }
    }

    @Test func aPortThatAnotherProgramHasIsTakenWhenItIsFree() async throws {
        let site = try SerialSite()
        var board = try site.plugIn()
        let other = try SerialPort(opening: site.link(SerialSite.name))
        try await site.run(site.configuration()) { intake in
            await site.wait { !$0.notes("serial_port_failed").isEmpty }
            #expect(site.ledger.notes("serial_port_failed")[0].body.contains("port_busy"))
            other.close()
            await site.wait { $0.presence(of: SerialSite.device) == .online }
            board.sendTelemetry(marker: 1)
            await site.wait { $0.entries.count == 1 }
        }
    }

    private func markers(_ ledger: SerialSite.Ledger, _ device: String) -> [Double] {
        ledger.entries.filter { $0.observation.device.text == device }.compactMap { entry in
            guard case .number(let value)? = entry.readings.first(where: { $0.metric.text == "sys.uptime" })?.value
            else { return nil }
            return value
        }
    }
}
