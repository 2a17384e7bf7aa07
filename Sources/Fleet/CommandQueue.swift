public import GatewayModel
public import SQLite
import Synchronization

/// The downlink commands and their states, durable in `state.db`: a command that was accepted is answered, refused or
/// expires, also across a restart.
public final class CommandQueue: Sendable {
    /// How long an accepted command waits for its device when the caller does not say.
    public static let lifetime: Duration = .seconds(60)
    /// The MAS may send a command twice, over HTTP and over its broker: the same one within this time is one command.
    public static let repeatWindowMilliseconds: Int64 = 2_000
    /// Unfinished commands a device may have; more are refused at once.
    public static let backlogMax = 100

    static let migration = Migration(
        module: "fleet", version: 2,
        sql: """
            CREATE TABLE fleet_command (
              id TEXT PRIMARY KEY, device TEXT NOT NULL, name TEXT NOT NULL, params TEXT NOT NULL, origin TEXT NOT NULL,
              state TEXT NOT NULL, result TEXT, created INTEGER NOT NULL, created_trusted INTEGER NOT NULL,
              expires INTEGER NOT NULL
            ) WITHOUT ROWID;
            CREATE INDEX fleet_command_open ON fleet_command (device, created) WHERE state IN ('queued', 'sent');
            CREATE INDEX fleet_command_created ON fleet_command (created)
            """)

    static let deadlineMigration = Migration(
        module: "fleet", version: 3,
        sql: """
            -- The boot whose monotonic clock the next two are of; null until the first boot that knows them.
            ALTER TABLE fleet_command ADD COLUMN boot TEXT;
            ALTER TABLE fleet_command ADD COLUMN began INTEGER NOT NULL DEFAULT 0;
            ALTER TABLE fleet_command ADD COLUMN deadline INTEGER NOT NULL DEFAULT 0
            """)

    private struct Observers: ~Copyable {
        var submitted: [@Sendable (DeviceID) -> Void] = []
        var waiting: [String: [(key: Int, continuation: CheckedContinuation<Void, Never>)]] = [:]
        var nextKey = 0
    }

    private let database: Database
    private let boot: String
    private let observers = Mutex(Observers())

    /// The database must have been migrated. `boot` names the boot of the box whose monotonic clock `now` is always of.
    public init(database: Database, boot: String) {
        self.database = database
        self.boot = boot
    }

    /// Accepts a command. Durable on return. Returns the command that already stands for it if the same device was sent
    /// the same name and params within `repeatWindowMilliseconds` by the same origin, if `mayRepeat`.
    ///
    /// - Parameter mayRepeat: whether the caller is one that sends a command over two ways. Only the newest command of a
    ///   device can be repeated, only while it may still succeed, and an estop never: switching on, off and on again is
    ///   three commands.
    public func submit(
        id: String, device: DeviceID, name: String, params: String, origin: String, now: ReceiveTime,
        lifetime: Duration = CommandQueue.lifetime, mayRepeat: Bool = false
    ) throws(CommandRefusal) -> DeviceCommand {
        guard CommandName.isValid(name) else { throw .invalidName(name) }
        guard params.utf8.count <= CommandName.paramsByteCountMax else { throw .paramsTooLong(params.utf8.count) }
        let command = DeviceCommand(
            id: id, device: device, name: name, params: params, origin: origin, state: .queued, result: nil,
            created: now.wall,
            expires: Timestamp(
                milliseconds: now.wall.milliseconds + lifetime.milliseconds, trusted: now.wall.trusted),
            deadline: now.monotonicMilliseconds + lifetime.milliseconds)
        let outcome: CommandTable.Insertion
        do throws(SQLiteError) {
            outcome = try database.write { connection throws(SQLiteError) in
                try CommandTable.insert(
                    command, at: now.monotonicMilliseconds, of: boot, mayRepeat: mayRepeat && name != "estop",
                    connection)
            }
        } catch {
            throw .store(error)
        }
        switch outcome {
        case .inserted:
            for body in observers.withLock({ $0.submitted }) { body(device) }
            return command
        case .repeats(let earlier): return earlier
        case .backlogFull: throw .backlogFull(device)
        }
    }

    /// The commands of `device` that wait to be sent: an estop first, then oldest first.
    public func waiting(for device: DeviceID, now: ReceiveTime) throws(SQLiteError) -> [DeviceCommand] {
        try database.read { connection throws(SQLiteError) in
            try CommandTable.waiting(device, now: now.monotonicMilliseconds, boot, connection)
        }
    }

    /// The devices of which commands wait to be sent.
    public func waitingDevices(now: ReceiveTime) throws(SQLiteError) -> [DeviceID] {
        try database.read { connection throws(SQLiteError) in
            try CommandTable.waitingDevices(now: now.monotonicMilliseconds, boot, connection)
        }
    }

    /// The command of an id; nil if there is none. Throws what the database refuses.
    public func command(_ id: String) throws(SQLiteError) -> DeviceCommand? {
        try database.read { connection throws(SQLiteError) in try CommandTable.command(id, connection) }
    }

    /// Newest first.
    public func recent(limit: Int) throws(SQLiteError) -> [DeviceCommand] {
        try database.read { connection throws(SQLiteError) in try CommandTable.recent(limit, connection) }
    }

    /// Moves a command on. False if it is unknown or its state does not allow it. Durable on return.
    @discardableResult
    public func report(_ id: String, _ state: DeviceCommand.State, result: String? = nil) throws(SQLiteError) -> Bool {
        let moved = try database.write { connection throws(SQLiteError) -> Bool in
            guard let command = try CommandTable.command(id, connection), command.state.allows(state) else {
                return false
            }
            try CommandTable.update(id, state, result, connection)
            return true
        }
        if moved, state.isFinal { wake(id) }
        return moved
    }

    /// Ends the commands whose time is over and forgets those that ended more than a week ago. Commands of an earlier boot
    /// are taken over: they have what is left of their time if both clocks could be believed, else all of it again.
    public func expire(now: ReceiveTime) throws(SQLiteError) {
        let expired = try database.write { connection throws(SQLiteError) in
            try CommandTable.expire(now: now, boot, connection)
        }
        for id in expired { wake(id) }
    }

    /// Calls `body` on the submitting thread whenever a command was accepted; it must be quick.
    public func onSubmit(_ body: @escaping @Sendable (DeviceID) -> Void) {
        observers.withLock { $0.submitted.append(body) }
    }

    /// Returns when the command has ended, or at once if it is unknown or has; also when the task is cancelled.
    public func finish(of id: String) async throws(SQLiteError) {
        guard let command = try command(id), !command.state.isFinal else { return }
        let key = observers.withLock { observers in
            observers.nextKey += 1
            return observers.nextKey
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                observers.withLock { $0.waiting[id, default: []].append((key, continuation)) }
                // It may have ended between the look above and the entry; a read error only wakes early.
                // try? is right here: the caller reads the state again and meets the error itself.
                let current = (try? self.command(id)) ?? nil
                if Task.isCancelled || current?.state.isFinal != false { wake(id, only: key) }
            }
        } onCancel: {
            wake(id, only: key)
        }
    }

    private func wake(_ id: String, only key: Int? = nil) {
        let woken = observers.withLock { observers in
            let all = observers.waiting.removeValue(forKey: id) ?? []
            guard let key else { return all }
            let rest = all.filter { $0.key != key }
            if !rest.isEmpty { observers.waiting[id] = rest }
            return all.filter { $0.key == key }
        }
        for (_, continuation) in woken { continuation.resume() }
    }
}
