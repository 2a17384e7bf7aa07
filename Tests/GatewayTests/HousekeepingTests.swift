import Drivers
import EventLoop
import FieldProtocols
import Fleet
import GatewayModel
import GatewayTestKit
import Journal
import SQLite
import Testing

@testable import Gateway

/// What is due every second is done, whatever else cannot be.
@Suite struct HousekeepingTests {
    private let folder: TemporaryFolder
    private let store: Store
    private let clock = SystemClock()

    init() throws {
        folder = try TemporaryFolder()
        let configuration = try GatewayConfiguration.smallest(in: folder)
        store = try Store(configuration, dataDirectory: folder.path, clock: clock)
    }

    /// A device that spoke once, a minute ago, and is expected every second.
    private func silence(_ id: String) throws -> DeviceName {
        let device = try #require(DeviceID(id).flatMap { DeviceName($0) })
        store.conditioning.assign(
            device,
            Profile(
                name: "p", vendor: "v", model: "m", kind: .lines(LineCodec(rules: [])), conditions: [],
                expectedEvery: .seconds(1)))
        var received = clock.now()
        received.monotonicMilliseconds -= 60_000
        var batch = ObservationBatch()
        batch.append(Reading(MetricName(known: "x"), .number(1)))
        batch.append(Observation(device: device, received: received, source: .mqtt))
        store.conditioning.apply(&batch)
        return device
    }

    private func staleEvents() throws -> Int {
        var count = 0
        _ = try store.journal.visit(.events, after: .zero, limit: 1_000) { record in
            if record.kind == "device_stale" { count += 1 }
            return true
        }
        return count
    }

    @Test func aStepThatFailsDoesNotPutOffTheOthers() throws {
        _ = try silence("quiet")
        // Commands are expired before anything is told of devices.
        try Connection(path: folder.file("state.db"), access: .readWrite).run("DROP TABLE fleet_command")
        let keeping = Housekeeping(
            store: store, clock: clock, log: Log(level: .error, format: .text, clock: clock), beat: {})
        #expect(throws: (any Error).self) { try store.commands.expire(now: clock.now()) }
        keeping.finish()
        #expect(try staleEvents() == 1)
        keeping.finish()
        #expect(try staleEvents() == 1, "told once")
    }

    @Test func silenceThatCouldNotBeToldIsToldLater() throws {
        let device = try silence("quiet")
        store.journal.close()
        #expect(throws: (any Error).self) { try store.tellSilence(at: clock.now()) }
        #expect(store.conditioning.takeChanges(at: clock.now()).stale == [device.id])
    }

    @Test func aReserveThatCannotBeOpenedIsAWarning() throws {
        #expect(store.warnings.isEmpty)
        let folder = try TemporaryFolder()
        _ = try folder.folder("reserve")
        let configuration = try ConfigurationFile.load(path: self.folder.file("gateway.yaml")).get()
        let other = try Store(configuration, dataDirectory: folder.path, clock: clock)
        #expect(other.warnings.count == 1 && other.warnings[0].contains("reserve cannot be opened"))
    }
}
