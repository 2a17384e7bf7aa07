import Drivers
import EventLoop
import Fleet
import GatewayModel
import GatewayTestKit
import Glibc
import Serial
import Synchronization
import Testing

/// An adapter that hangs in the kernel, as it is opened or closed, beside a board that is well.
@Suite(.timeLimit(.minutes(5))) struct HangingPortTests {
    /// Lets nobody through before it is opened.
    private final class Gate: Sendable {
        private let isOpen = Monitor(false)
        let isReached = Monitor(false)
        private let isForced = Monitor(false)
        /// Somebody gave up waiting: whoever should have opened the gate was held up by it.
        var wasForced: Bool { isForced.withLock { $0 } }

        func pass() {
            isReached.withLock { $0 = true }
            let isInTime = isOpen.wait(limit: .seconds(60)) { $0 }
            if !isInTime { isForced.withLock { $0 = true } }
        }

        func open() { isOpen.withLock { $0 = true } }
    }

    @Test func aPortThatHangsAsItIsClosedHoldsUpNoOther() async throws {
        let site = try SerialSite()
        let gate = Gate()
        defer { gate.open() }
        let stuck = Mutex<SimulatedMDPBoard?>(try site.plugIn())
        var other = try site.plugIn(SerialSite.otherName)
        let path = site.link(SerialSite.name)
        let close: SerialIntake.Outlets.ClosePort = { port in
            if port.path == path { gate.pass() }
            port.close()
        }
        try await site.run(site.configuration(SerialSite.name, SerialSite.otherName), closePort: close) { intake in
            await site.wait {
                $0.presence(of: SerialSite.device) == .online && $0.presence(of: SerialSite.otherDevice) == .online
            }
            stuck.withLock { $0 = nil }
            await site.wait { $0.presence(of: SerialSite.device) == .offline }
            for marker in 1...3 {
                other.sendTelemetry(marker: marker)
                await site.wait { $0.entries.count == marker }
            }
            #expect(gate.isReached.wait(limit: .seconds(60)) { $0 })
            // Whoever wants the port waits until it is closed.
            let borrowing = Task { try await intake.leases.borrow(path, for: "firmware") }
            var back = try site.plugIn()
            #expect(!gate.wasForced)
            gate.open()
            let lease = try await borrowing.value
            lease.giveBack()
            await site.wait { $0.presence(of: SerialSite.device) == .online }
            back.sendTelemetry(marker: 4)
            await site.wait { $0.entries.count == 4 }
        }
    }

    @Test func aPortThatHangsAsItIsOpenedHoldsUpNoOther() async throws {
        let site = try SerialSite()
        let gate = Gate()
        defer { gate.open() }
        let stuck = try site.plugIn()
        var other = try site.plugIn(SerialSite.otherName)
        let path = site.link(SerialSite.name)
        let open: SerialIntake.Outlets.OpenPort = { (opened, settings) throws(SerialError) in
            if opened == path { gate.pass() }
            return try SerialPort(opening: opened, settings: settings)
        }
        try await site.run(site.configuration(SerialSite.name, SerialSite.otherName), openPort: open) { _ in
            await site.wait { $0.presence(of: SerialSite.otherDevice) == .online }
            other.sendTelemetry(marker: 1)
            await site.wait { $0.entries.count == 1 }
            #expect(!gate.wasForced)
            gate.open()
        }
        withExtendedLifetime(stuck) {}
    }

    /// A spectrometer, whose speed is changed to talk to it, as the device `sts`.
    private func plugInSpectrometer(
        at site: SerialSite, _ configuration: inout SerialIntake.Configuration
    ) throws -> SimulatedBoard {
        let spectrometer = try SimulatedBoard(OceanSpectrometer())
        try spectrometer.cable.link(at: site.link("sts"))
        configuration.places.append(SerialPlace(path: site.link("sts"), kind: .obp))
        configuration.aliases = [DeviceAlias(device: try #require(DeviceID("sts")), path: site.link("sts"))]
        return spectrometer
    }

    @Test func aPortThatHangsAsItsSpeedIsChangedHoldsUpNoOther() async throws {
        let site = try SerialSite()
        let gate = Gate()
        defer { gate.open() }
        var configuration = site.configuration(SerialSite.otherName)
        let spectrometer = try plugInSpectrometer(at: site, &configuration)
        defer { spectrometer.stop() }
        var other = try site.plugIn(SerialSite.otherName)
        let setBaud: SerialIntake.Outlets.SetBaud = { (port, baud) throws(SerialError) in
            gate.pass()
            try port.set(baud: baud)
        }
        try await site.run(configuration, setBaud: setBaud) { _ in
            await site.wait { $0.presence(of: SerialSite.otherDevice) == .online }
            #expect(gate.isReached.wait(limit: .seconds(60)) { $0 })
            for marker in 1...3 {
                other.sendTelemetry(marker: marker)
                await site.wait { $0.entries.count == marker }
            }
            // What was asked meanwhile is asked at the new speed.
            #expect(!gate.wasForced)
            gate.open()
            await site.wait { $0.entries.contains { $0.observation.device.text == "sts" } }
        }
        #expect(spectrometer.cable.baud == 115_200)
    }

    /// A port must not be closed, and its number not be another's, while the kernel still works at it.
    @Test func aPortThatIsPulledOutWhileItsSpeedIsChangedIsClosedAfterwards() async throws {
        let site = try SerialSite()
        let gate = Gate()
        defer { gate.open() }
        var configuration = SerialIntake.Configuration(places: [])
        let spectrometer = try plugInSpectrometer(at: site, &configuration)
        defer { spectrometer.stop() }
        let order = Mutex<[String]>([])
        let setBaud: SerialIntake.Outlets.SetBaud = { (port, baud) throws(SerialError) in
            gate.pass()
            try port.set(baud: baud)
            order.withLock { $0.append("set") }
        }
        let close: SerialIntake.Outlets.ClosePort = { port in
            order.withLock { $0.append("closed") }
            port.close()
        }
        try await site.run(configuration, closePort: close, setBaud: setBaud) { _ in
            await site.wait { $0.presence(of: "sts") == .online }
            #expect(gate.isReached.wait(limit: .seconds(60)) { $0 })
            unlink(site.link("sts"))
            await site.wait { $0.presence(of: "sts") == .offline }
            #expect(order.withLock { $0 } == [])
            #expect(!gate.wasForced)
            gate.open()
        }
        #expect(order.withLock { $0 } == ["set", "closed"])
    }

    @Test func aPortThatHangsDoesNotKeepTheDriverFromStopping() async throws {
        let site = try SerialSite()
        let gate = Gate()
        defer { gate.open() }
        let board = try site.plugIn()
        try await site.run(site.configuration(), closePort: { _ in gate.pass() }) { _ in
            await site.wait { $0.presence(of: SerialSite.device) == .online }
        }
        withExtendedLifetime(board) {}
    }

    /// Nothing ends a thread from outside: what hangs on it is known, so that the watchdog has the process started again.
    @Test func aThreadThatDoesNotComeRoundIsKnown() async throws {
        let site = try SerialSite()
        let gate = Gate()
        let board = try site.plugIn()
        let hangs = Atomic<Bool>(false)
        let listPorts: @Sendable ([String]) throws(SerialError) -> [PortEntry] = { paths in
            if hangs.load(ordering: .relaxed) { gate.pass() }
            return paths.map(PortEntry.unlisted)
        }
        try await site.run(site.configuration(), listPorts: listPorts) { intake in
            await site.wait { $0.presence(of: SerialSite.device) == .online }
            #expect(intake.answers(at: SystemClock().now()))
            hangs.store(true, ordering: .relaxed)
            let other = try PtyPair()
            try other.link(at: site.link(SerialSite.name))
            #expect(gate.isReached.wait(limit: .seconds(60)) { $0 })
            var later = SystemClock().now()
            #expect(intake.answers(at: later))
            later.monotonicMilliseconds += 61_000
            #expect(!intake.answers(at: later))
            hangs.store(false, ordering: .relaxed)
            gate.open()
            withExtendedLifetime(other) {}
        }
        withExtendedLifetime(board) {}
    }
}
