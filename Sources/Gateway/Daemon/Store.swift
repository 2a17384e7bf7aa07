import CloudSync
import ControlAPI
import Drivers
import EventLoop
import Fleet
import GatewayModel
import JSONText
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
    let calibrations: CalibrationTable
    private let reserve: SpaceReserve
    /// Applied by every intake to what it commits.
    let conditioning = Conditioning()
    /// Told of what was committed, if the site's devices are announced to somebody.
    var announcer: HomeAnnouncer?

    /// Every module's tables, in the order in which modules may refer to each other.
    static let migrations =
        Journal.migrations + DeviceRegistry.migrations + AccessTokens.migrations + AnswerStore.migrations
        + HeardNumbers.migrations + FrameCounters.migrations + DownlinkMemory.migrations + SealTable.migrations
        + CalibrationTable.migrations + DarkFrames.migrations + ImportedRows.migrations

    /// For whoever uses `state.db` beside a daemon: nothing is repaired.
    static func openState(_ dataDirectory: String) throws(StartError) -> Database {
        do throws(SQLiteError) {
            let state = try Database(path: dataDirectory + "/state.db", walSize: walSize(dataDirectory))
            try state.migrate(migrations)
            return state
        } catch {
            throw .store("\(dataDirectory)/state.db cannot be used: \(error)")
        }
    }

    /// For the daemon: a damaged `state.db` is replaced by what can be read of it.
    ///
    /// - Parameter reserve: given up if the disk is too full to open anything.
    static func rescueState(
        _ dataDirectory: String, reserve: SpaceReserve
    ) throws(StartError) -> (database: Database, damage: StateDamage?) {
        let rescue = StateRescue(dataDirectory: dataDirectory, migrations: migrations)
        let size = walSize(dataDirectory)
        let open = { (path: String) throws(SQLiteError) in try Database(path: path, walSize: size) }
        do throws(SQLiteError) {
            do throws(SQLiteError) { return try rescue.open(open) } catch {
                guard error.code == .full, reserve.release() else { throw error }
                return try rescue.open(open)
            }
        } catch {
            throw .store("\(dataDirectory)/state.db cannot be used: \(error)")
        }
    }

    private static func walSize(_ dataDirectory: String) -> Int64 {
        min(4 << 20, max(64 << 10, (DiskSpace.of(dataDirectory)?.total ?? .max) / 64))
    }

    init(_ configuration: GatewayConfiguration, dataDirectory: String, clock: SystemClock) throws {
        reserve = SpaceReserve(folder: dataDirectory)
        let isMissing = StateRescue(dataDirectory: dataDirectory, migrations: []).isMissing
        let (state, damage) = try Self.rescueState(dataDirectory, reserve: reserve)
        self.state = state
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
        calibrations = CalibrationTable(database: state)
        for calibration in try calibrations.all() { conditioning.use(calibration) }
        try recallDevices(boot)
        if let damage { tell(damage, at: clock.now()) }
        if isMissing, StreamName.allCases.contains(where: { journal.status(of: $0).lastSeq > .zero }) {
            tell(StateDamage(reason: "not there, or empty, beside a journal", kept: 0), at: clock.now())
        }
    }

    private func tell(_ damage: StateDamage, at now: ReceiveTime) {
        let reason: JSON = ["reason": .string(damage.reason), "kept_rows": .integer(Int64(damage.kept))]
        var batch = ObservationBatch()
        batch.append(Note(.events, kind: "state_damaged", body: reason.text, received: now))
        // A disk that does not even take this must not keep the daemon from starting; status shows the file.
        _ = try? journal.append(batch)
    }

    /// What a technician is to look at, for as long as it is so.
    var warnings: [String] {
        let trouble = reserve.trouble.map {
            "nothing is kept back for a full disk: \($0); give the file to the user the gateway runs as"
        }
        let files = journal.damagedFiles
        let damage =
            "damaged/ holds \(files.count) damaged \(files.count == 1 ? "file" : "files") "
            + "(\(files.prefix(3).joined(separator: ", "))): what could be read is in use, the rest is in the losses; "
            + "look at the disk, then delete them"
        return [trouble, files.isEmpty ? nil : damage].compactMap { $0 }
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

    /// Tells the journal who is required, and who is not but must not be forgotten, and enters in the audit who no longer is.
    func declareConsumers(_ sync: SyncSection, at now: ReceiveTime) throws {
        let destinations = sync.destinations.filter(\.required).flatMap { destination in
            destination.streams.map {
                RequiredConsumer(destination.name, $0, from: destination.from == .now ? .now : .oldest)
            }
        }
        let consumers = sync.consumers.filter(\.required).flatMap { consumer in
            consumer.streams.map { RequiredConsumer(consumer.name, $0, from: consumer.from == .now ? .now : .oldest) }
        }
        let named = sync.destinations.flatMap(\.consumers) + sync.consumers.map(\.name)
        let removed = try journal.declare(destinations + consumers, named: Set(named))
        // What nobody requires begins where it is told to as well.
        for destination in sync.destinations where destination.from == .now {
            for name in destination.consumers { try beginNow(name, destination.streams) }
        }
        for consumer in sync.consumers where consumer.from == .now { try beginNow(consumer.name, consumer.streams) }
        var batch = ObservationBatch()
        for consumer in removed {
            let body =
                #"{"consumer":"\#(consumer.name)","stream":"\#(consumer.stream.rawValue)","acked":\#(consumer.acknowledged)}"#
            batch.append(Note(.audit, kind: "required_consumer_removed", body: body, received: now))
        }
        if !batch.isEmpty { _ = try journal.append(batch) }
    }

    /// Puts the cursors that the consumer does not have yet behind what there is.
    private func beginNow(_ consumer: String, _ streams: [StreamName]) throws(JournalError) {
        for stream in streams where !journal.consumers(of: stream).contains(where: { $0.name == consumer }) {
            try journal.acknowledge(
                consumer, stream, upTo: journal.status(of: stream).lastSeq, epoch: journal.epoch)
        }
    }

    /// Moves what was done to tokens, by whatever process, into the audit stream.
    func auditTokens(at now: ReceiveTime) throws {
        try tokens.handOverChanges(at: now) { notes in
            var batch = ObservationBatch()
            for note in notes { batch.append(note) }
            _ = try journal.append(batch)
        }
    }

    /// Enters in the events which devices are silent for longer than their profiles expect, which speak again, and which
    /// have gone or come back by the word of those who watch them.
    func tellSilence(at now: ReceiveTime) throws {
        let changes = conditioning.takeChanges(at: now)
        let turns = devices.takeTurns()
        guard !changes.isEmpty || !turns.isEmpty else { return }
        var batch = ObservationBatch()
        for device in changes.stale { batch.append(Note(.events, kind: "device_stale", device: device, received: now)) }
        for device in changes.fresh { batch.append(Note(.events, kind: "device_fresh", device: device, received: now)) }
        for turn in turns {
            batch.append(
                Note(.events, kind: "device_\(turn.presence)", device: turn.device, received: turn.at))
        }
        do {
            _ = try journal.append(batch)
        } catch {
            conditioning.putBack(changes)
            devices.putBack(turns)
            throw error
        }
    }

    /// Stores what a driver brought in, and tells the registry who it came from. Durable on return.
    func commit(_ batch: ObservationBatch, sessionStart: SessionStart? = nil) throws(JournalError) -> AppendReceipt {
        let receipt = try journal.append(batch, sessionStart: sessionStart)
        devices.seen(batch.observations)
        announcer?.take(batch)
        return receipt
    }

    /// Stores what stood in a file: nobody was heard, and nothing of it is a value of now. Durable on return.
    func commit(imported batch: ObservationBatch) throws(JournalError) -> AppendReceipt {
        let receipt = try journal.append(batch)
        devices.seen(batch.observations, areImported: true)
        return receipt
    }
}
