import Drivers
import EventLoop
import Fleet
import GatewayModel
import GatewayTestKit
import Serial
import Synchronization

/// A folder of links to boards on pseudo terminals, a running serial driver, and a ledger of everything it did.
final class SerialSite: Sendable {
    /// What was committed, learned and reported so far.
    struct Ledger: Sendable {
        struct Entry: Sendable {
            var observation: Observation
            var readings: [Reading]
            var heard: [ClosedRange<UInt32>]
        }

        var entries: [Entry] = []
        var notes: [Note] = []
        var sightings: [Sighting] = []
        var reports: [(id: String, state: DeviceCommand.State, result: String?)] = []
        var waiting: [DeviceCommand] = []
        var refusesCommits = false
        /// How often the driver has looked for ports.
        var listings = 0
        var keptHeard: [DeviceID: [ClosedRange<UInt32>]] = [:]
        /// A driver to be run again.
        var stopped: SerialIntake?
        var refusedCommits = 0

        func sequences(of device: String) -> [UInt32?] {
            entries.filter { $0.observation.device.text == device }.map(\.observation.deviceSeq)
        }

        func notes(_ kind: String) -> [Note] { notes.filter { $0.kind == kind } }

        func presence(of device: String) -> Device.Presence? {
            sightings.last { $0.device.text == device && $0.presence != nil }?.presence
        }
    }

    private struct State: ~Copyable {
        var ledger = Ledger()
        var waiters: [CheckedContinuation<Bool, Never>] = []
    }

    struct JournalFull: Error {}

    /// Two boards as udev names them, and the devices that they are.
    static let name = "usb-Espressif_Unit_F4:12:FA:AA:BB:CC-if00"
    static let device = "mycobrain-f412faaabbcc"
    static let otherName = "usb-Espressif_Unit_F4:12:FA:DD:EE:FF-if00"
    static let otherDevice = "mycobrain-f412faddeeff"

    let folder: TemporaryFolder
    private let state = Mutex(State())

    init() throws {
        folder = try TemporaryFolder()
        _ = try folder.folder("by-id")
    }

    func link(_ name: String) -> String { folder.file("by-id/" + name) }

    /// A board that is there under this name.
    func plugIn(_ name: String = SerialSite.name) throws -> SimulatedMDPBoard {
        let board = try SimulatedMDPBoard()
        try board.pair.link(at: link(name))
        return board
    }

    func configuration(_ names: String...) -> SerialIntake.Configuration {
        SerialIntake.Configuration(
            places: (names.isEmpty ? [Self.name] : names).map { SerialPlace(path: link($0)) })
    }

    var ledger: Ledger { state.withLock { $0.ledger } }

    func change(_ body: (inout Ledger) -> Void) {
        let waiters = state.withLock { state in
            body(&state.ledger)
            defer { state.waiters.removeAll() }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: false) }
    }

    /// Returns once the ledger fulfils the condition; looked at after each change of it. Gives up when cancelled, which the
    /// time limit of the suite does.
    func wait(for condition: @Sendable (Ledger) -> Bool) async {
        while !Task.isCancelled {
            let isDone = await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in waitOnce(for: condition, continuation) }
            } onCancel: {
                change { _ in }
            }
            if isDone { return }
        }
    }

    private func waitOnce(for condition: (Ledger) -> Bool, _ continuation: CheckedContinuation<Bool, Never>) {
        let isDone = state.withLock { state in
            if condition(state.ledger) { return true }
            state.waiters.append(continuation)
            return false
        }
        if isDone {
            continuation.resume(returning: true)
        } else if Task.isCancelled {
            change { _ in }
        }
    }

    /// Runs a new driver for `configuration` while `body` runs.
    func run(
        _ configuration: SerialIntake.Configuration,
        listPorts: @escaping @Sendable ([String]) throws(SerialError) -> [PortEntry] = { $0.map(PortEntry.unlisted) },
        openPort: SerialIntake.Outlets.OpenPort? = nil, closePort: SerialIntake.Outlets.ClosePort? = nil,
        setBaud: SerialIntake.Outlets.SetBaud? = nil,
        _ body: (SerialIntake) async throws -> Void
    ) async throws {
        var outlets = outlets(listPorts)
        if let openPort { outlets.openPort = openPort }
        if let closePort { outlets.closePort = closePort }
        if let setBaud { outlets.setBaud = setBaud }
        let intake = try SerialIntake(
            configuration, outlets: outlets, clock: SystemClock(isVouched: true), seed: 1)
        try await run(intake, body)
    }

    /// Runs the driver while `body` runs; it can be run again afterwards.
    func run(_ intake: SerialIntake, _ body: (SerialIntake) async throws -> Void) async throws {
        let before = ledger.listings
        let running = Task { try await intake.run() }
        // From here on the driver has its own thread, and a test that blocks one of the pool cannot starve it.
        await wait { $0.listings > before }
        do {
            try await body(intake)
        } catch {
            running.cancel()
            _ = await running.result
            throw error
        }
        running.cancel()
        try await running.value
    }

    private func outlets(
        _ listPorts: @escaping @Sendable ([String]) throws(SerialError) -> [PortEntry]
    ) -> SerialIntake.Outlets {
        SerialIntake.Outlets(
            commit: { batch in
                let isRefused = self.state.withLock { $0.ledger.refusesCommits }
                self.change { ledger in
                    if isRefused {
                        ledger.refusedCommits += 1
                        return
                    }
                    for observation in batch.observations {
                        ledger.entries.append(
                            Ledger.Entry(
                                observation: observation, readings: Array(batch.readings[observation.readings]),
                                heard: Array(batch.heardSequences[observation.heard])))
                    }
                    ledger.notes.append(contentsOf: batch.notes)
                }
                if isRefused { throw JournalFull() }
            },
            commands: CommandSource(
                waiting: { device in self.ledger.waiting.filter { $0.device == device } },
                report: { id, state, result in
                    self.change { ledger in
                        ledger.waiting.removeAll { $0.id == id }
                        ledger.reports.append((id, state, result))
                    }
                    return true
                }),
            heard: HeardNumbers(
                kept: { self.ledger.keptHeard[$0] ?? [] },
                keep: { numbers in
                    self.change { for (device, ranges) in numbers { $0.keptHeard[device] = ranges } }
                }),
            sighted: { sighting in self.change { $0.sightings.append(sighting) } },
            listPorts: { (paths) throws(SerialError) in
                self.change { $0.listings += 1 }
                return try listPorts(paths)
            })
    }
}
