import CloudSync
import ControlAPI
import Drivers
import EventLoop
import Fleet
import GatewayModel
import Journal
import SQLite

/// Everything durable: `state.db` and the journal, opened and brought up to date.
struct Store {
    let state: Database
    let journal: Journal
    let devices: DeviceRegistry
    let commands: CommandQueue
    let tokens: AccessTokens
    let answers: AnswerStore

    /// Every module's tables, in the order in which modules may refer to each other.
    static let migrations =
        Journal.migrations + DeviceRegistry.migrations + AccessTokens.migrations + AnswerStore.migrations
        + HeardNumbers.migrations + DownlinkMemory.migrations

    /// - Parameter reserve: given up if the disk is too full to open anything.
    static func openState(_ dataDirectory: String, reserve: SpaceReserve? = nil) throws(StartError) -> Database {
        do throws(SQLiteError) {
            let total = DiskSpace.of(dataDirectory)?.total ?? .max
            let walSize = min(4 << 20, max(64 << 10, total / 64))
            do throws(SQLiteError) {
                return try open(dataDirectory, walSize: walSize)
            } catch {
                guard error.code == .full, reserve?.release() == true else { throw error }
                return try open(dataDirectory, walSize: walSize)
            }
        } catch {
            throw .store("\(dataDirectory)/state.db cannot be used: \(error)")
        }
    }

    private static func open(_ dataDirectory: String, walSize: Int64) throws(SQLiteError) -> Database {
        let state = try Database(path: dataDirectory + "/state.db", walSize: walSize)
        try state.migrate(migrations)
        return state
    }

    init(_ configuration: GatewayConfiguration, dataDirectory: String, clock: SystemClock) throws {
        let reserve = SpaceReserve(folder: dataDirectory)
        state = try Self.openState(dataDirectory, reserve: reserve)
        let boot = try BootID.current()
        let memory = try Journal.clockMemory(state, boot: boot)
        clock.remember(floor: memory.floor, offset: memory.offset)
        var settings = Journal.Configuration(
            dataDirectory: dataDirectory, boot: boot,
            entropy: { UInt64.random(in: .min ... .max) })
        settings.segmentSize = configuration.journal.segmentSize
        settings.maxBytes = configuration.journal.maxBytes
        settings.linger = configuration.journal.linger
        settings.retention = configuration.journal.retention
        settings.reserve = reserve
        journal = try Journal.open(settings, state: state, clock: clock)
        devices = try DeviceRegistry(database: state)
        commands = CommandQueue(database: state, boot: boot)
        tokens = AccessTokens(state: state, clock: clock)
        answers = AnswerStore(state: state, clock: clock)
        try recallDevices(boot)
    }

    /// Enters the devices of which the journal has records and the registry does not know: it is written seconds later than
    /// the journal, so that a crash between leaves it behind.
    private func recallDevices(_ boot: String) throws(JournalError) {
        try journal.newestRecords(where: { devices.device($0) == nil }) { record in
            guard let device = record.device else { return }
            var at = record.received
            // The monotonic clock of another boot tells nothing here, only that the device was not heard in this one.
            if record.boot != boot { at.monotonicMilliseconds = -Device.silenceMax - 1 }
            devices.note(Sighting(device: device, source: record.source, at: at))
        }
    }

    /// Tells the journal who is required, and enters in the audit who no longer is.
    func declareConsumers(_ sync: SyncSection, at now: ReceiveTime) throws {
        let destinations = sync.destinations.filter(\.required).flatMap { destination in
            destination.streams.map {
                RequiredConsumer(destination.name, $0, from: destination.from == .now ? .now : .oldest)
            }
        }
        let consumers = sync.consumers.filter(\.required).flatMap { consumer in
            consumer.streams.map { RequiredConsumer(consumer.name, $0, from: consumer.from == .now ? .now : .oldest) }
        }
        let removed = try journal.declare(destinations + consumers)
        var batch = ObservationBatch()
        for consumer in removed {
            let body =
                #"{"consumer":"\#(consumer.name)","stream":"\#(consumer.stream.rawValue)","acked":\#(consumer.acknowledged)}"#
            batch.append(Note(.audit, kind: "required_consumer_removed", body: body, received: now))
        }
        if !batch.isEmpty { _ = try journal.append(batch) }
    }

    /// Moves what was done to tokens, by whatever process, into the audit stream.
    func auditTokens(at now: ReceiveTime) throws {
        try tokens.handOverChanges(at: now) { notes in
            var batch = ObservationBatch()
            for note in notes { batch.append(note) }
            _ = try journal.append(batch)
        }
    }

    /// Stores what a driver brought in, and tells the registry who it came from. Durable on return.
    func commit(_ batch: ObservationBatch, sessionStart: SessionStart? = nil) throws(JournalError) -> AppendReceipt {
        let receipt = try journal.append(batch, sessionStart: sessionStart)
        devices.seen(batch.observations)
        return receipt
    }
}
