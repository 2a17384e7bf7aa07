public import GatewayModel
public import SQLite
import Synchronization

/// Who the devices of the site are and when they were last there.
///
/// Lives in memory and is written to `state.db` by `persist()`, which the gateway calls every few seconds and at its
/// stop: the registry is a convenience that the journal's records could rebuild, so it needs no write per message.
public final class DeviceRegistry: Sendable {
    private struct State: ~Copyable {
        var devices: [DeviceID: Device] = [:]
        /// Last message by `DeviceName.index`: the only part the data path touches.
        var lastSeen: [ReceiveTime?] = []
        var unsaved: Set<DeviceID> = []
        /// Devices that have gone or come back, and when.
        var turns: [DeviceID: PresenceTurn] = [:]
    }

    private let state: Mutex<State>
    private let database: Database

    /// The tables of devices in `state.db`.
    public static let migrations = [
        Migration(
            module: "fleet", version: 1,
            sql: """
                CREATE TABLE fleet_device (
                  id TEXT PRIMARY KEY, name TEXT, role TEXT, firmware TEXT, board TEXT, reported_id TEXT,
                  source INTEGER NOT NULL, sensors TEXT NOT NULL, capabilities TEXT NOT NULL, attributes TEXT NOT NULL,
                  first_seen INTEGER NOT NULL, first_trusted INTEGER NOT NULL,
                  last_seen INTEGER NOT NULL, last_trusted INTEGER NOT NULL
                ) WITHOUT ROWID
                """),
        CommandQueue.migration, CommandQueue.deadlineMigration,
    ]

    /// Reads the known devices. The database must have been migrated. Presence starts as unknown.
    public init(database: Database) throws(SQLiteError) {
        self.database = database
        let known = try database.read { connection throws(SQLiteError) in try DeviceTable.load(connection) }
        var devices: [DeviceID: Device] = [:]
        for device in known { devices[device.id] = device }
        state = Mutex(State(devices: devices))
    }

    /// Notes that committed observations came from these devices; a device not known before becomes known. `areImported`:
    /// out of a file, so that nothing was heard of them now, nor the way they are heard.
    public func seen(_ observations: [Observation], areImported: Bool = false) {
        state.withLock { state in
            for observation in observations {
                // A retained message tells of an earlier time: its device may be long gone.
                let isOld = areImported || observation.flags.contains(.retained)
                let index = Int(observation.device.index)
                if index >= state.lastSeen.count {
                    state.lastSeen.append(contentsOf: repeatElement(nil, count: index + 1 - state.lastSeen.count))
                }
                if state.lastSeen[index] == nil {
                    let id = observation.device.id
                    let isKnown = state.devices[id] != nil
                    if !isKnown {
                        var device = Device(
                            id: id, source: observation.source, firstSeen: observation.received.wall)
                        if isOld {
                            device.lastSeen = Timestamp(milliseconds: 0, trusted: false)
                        }
                        state.devices[id] = device
                    }
                    if !isKnown || !areImported { state.devices[id]?.source = observation.source }
                    state.unsaved.insert(id)
                }
                if !isOld { state.lastSeen[index] = observation.received }
            }
        }
    }

    /// Takes in what a driver learned. Returns whether the device's firmware, role or presence is now another one, so
    /// that it should be announced upstream again.
    @discardableResult
    public func note(_ sighting: Sighting) -> Bool {
        state.withLock { state in
            let before = state.devices[sighting.device]
            var device = before ?? Device(id: sighting.device, source: sighting.source, firstSeen: sighting.at.wall)
            if before == nil, sighting.isHearsay { device.lastSeen = Timestamp(milliseconds: 0, trusted: false) }
            sighting.apply(to: &device)
            guard device != before else { return false }
            state.devices[sighting.device] = device
            state.unsaved.insert(device.id)
            if sighting.isWatched, let before, before.presence != .unknown, before.presence != device.presence {
                state.turns[device.id] = PresenceTurn(device: device.id, presence: device.presence, at: sighting.at)
            }
            return device.firmware != before?.firmware || device.role != before?.role
                || device.presence != before?.presence
        }
    }

    /// Devices whose going is told that have gone or come back since the last call: the last of each, by id.
    public func takeTurns() -> [PresenceTurn] {
        state.withLock { state in
            defer { state.turns = [:] }
            return state.turns.values.sorted { $0.device.text < $1.device.text }
        }
    }

    /// Of turns that could not be told: the next call has them again, unless there are newer ones.
    public func putBack(_ turns: [PresenceTurn]) {
        state.withLock { state in
            for turn in turns where state.turns[turn.device] == nil { state.turns[turn.device] = turn }
        }
    }

    /// All devices, by id.
    public func devices() -> [Device] {
        state.withLock { state in
            state.devices.values.map { Self.current($0, state.lastSeen) }.sorted { $0.id.text < $1.id.text }
        }
    }

    /// What is known of a device; nil if it was never seen.
    public func device(_ id: DeviceID) -> Device? {
        state.withLock { state in state.devices[id].map { Self.current($0, state.lastSeen) } }
    }

    /// The devices behind this one that count as being there: those whose ids go on from its with `:`.
    public func present(behind device: DeviceID, at now: ReceiveTime) -> [DeviceID] {
        let prefix = device.text + ":"
        return devices().filter { $0.id.text.hasPrefix(prefix) && $0.isOnline(at: now) }.map(\.id)
    }

    /// How many devices are known, and how many of them are there now.
    public func count(onlineAt now: ReceiveTime) -> (online: Int, total: Int) {
        let devices = devices()
        return (devices.count { $0.isOnline(at: now) }, devices.count)
    }

    /// Writes what has changed since the last call. Durable on return.
    public func persist() throws(SQLiteError) {
        let changed = state.withLock { state in
            let changed = state.unsaved.compactMap { state.devices[$0] }.map { Self.current($0, state.lastSeen) }
            state.unsaved.removeAll()
            // A slave that nobody has heard yet is the configuration's: one that leaves it shall not stay.
            return changed.filter { $0.source != .modbus || $0.lastSeen.milliseconds != 0 }
        }
        guard !changed.isEmpty else { return }
        do throws(SQLiteError) {
            try database.write { connection throws(SQLiteError) in
                for device in changed { try DeviceTable.save(device, connection) }
            }
        } catch {
            state.withLock { $0.unsaved.formUnion(changed.map(\.id)) }
            throw error
        }
    }

    private static func current(_ device: Device, _ lastSeen: [ReceiveTime?]) -> Device {
        guard let name = DeviceName(device.id), Int(name.index) < lastSeen.count, let seen = lastSeen[Int(name.index)],
            device.lastHeard.map({ seen.monotonicMilliseconds > $0 }) ?? true
        else { return device }
        var device = device
        device.lastSeen = seen.wall
        device.lastHeard = seen.monotonicMilliseconds
        return device
    }
}
