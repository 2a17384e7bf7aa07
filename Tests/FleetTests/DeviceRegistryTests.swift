import Fleet
import GatewayModel
import SQLite
import Testing

@Suite struct DeviceRegistryTests {
    let noon = ReceiveTime(
        wall: Timestamp(milliseconds: 1_768_478_400_000, trusted: true), monotonicMilliseconds: 0)

    func observation(_ id: String, at milliseconds: Int64) throws -> Observation {
        let device = try #require(DeviceID(id).flatMap { DeviceName($0) })
        let received = ReceiveTime(
            wall: Timestamp(milliseconds: noon.wall.milliseconds + milliseconds, trusted: true),
            monotonicMilliseconds: milliseconds)
        return Observation(device: device, received: received, source: .mqtt)
    }

    @Test func onlyTurnsOfAWatchedDeviceAreToldOnceAndTheNewestOfThem() throws {
        let database = try Database(path: ":memory:")
        try database.migrate(DeviceRegistry.migrations)
        let registry = try DeviceRegistry(database: database)
        func note(_ id: String, _ presence: Device.Presence, isWatched: Bool = true) throws {
            var sighting = Sighting(
                device: try #require(DeviceID(id)), source: .mqtt, at: noon, presence: presence)
            sighting.isWatched = isWatched
            registry.note(sighting)
        }
        func turns() -> [String] { registry.takeTurns().map { "\($0.device.text) \($0.presence)" } }
        for id in ["a", "b"] { try note(id, .online) }
        try note("c", .online, isWatched: false)
        #expect(turns().isEmpty, "what was not known has not changed")
        for id in ["a", "b"] { try note(id, .offline) }
        try note("b", .online)
        try note("c", .offline, isWatched: false)
        let untold = registry.takeTurns()
        #expect(untold.map(\.presence) == [.offline, .online])
        #expect(turns().isEmpty)
        try note("a", .online)
        registry.putBack(untold)
        #expect(turns() == ["a online", "b online"])
    }

    @Test func firmwareThatListsNothingLosesWhatWasListedBefore() throws {
        let database = try Database(path: ":memory:")
        try database.migrate(DeviceRegistry.migrations)
        let registry = try DeviceRegistry(database: database)
        let board = try #require(DeviceID("registry-board-3"))
        var sighting = Sighting(device: board, source: .serial, at: noon, presence: .online)
        sighting.capabilities = ["estop"]
        registry.note(sighting)
        sighting.capabilities = []
        registry.note(sighting)
        #expect(registry.device(board)?.capabilities == ["estop"])
        sighting.replacesLists = true
        registry.note(sighting)
        #expect(registry.device(board)?.capabilities == [])
    }

    @Test func aSlaveOfTheConfigurationIsKnownBeforeItIsSeenAndStaysOnlineUntilItsDriverSaysOtherwise() throws {
        let database = try Database(path: ":memory:")
        try database.migrate(DeviceRegistry.migrations)
        let registry = try DeviceRegistry(database: database)
        let slave = try #require(DeviceID("registry-slave"))
        var sighting = Sighting(device: slave, source: .modbus, at: noon, presence: .offline)
        sighting.isHearsay = true
        sighting.attributes = ["unit": "7", "offline_reason": "not asked yet"]
        registry.note(sighting)
        let known = try #require(registry.device(slave))
        #expect(!known.isOnline(at: noon) && known.lastSeen.milliseconds == 0 && known.lastHeard == nil)
        try registry.persist()
        #expect(try DeviceRegistry(database: database).device(slave) == nil, "it is not kept before it was heard")
        sighting.isHearsay = false
        sighting.presence = .online
        sighting.attributes = [:]
        sighting.withdrawn = ["offline_reason"]
        registry.note(sighting)
        let heard = try #require(registry.device(slave))
        #expect(heard.attributes == ["unit": "7"])
        let later = ReceiveTime(
            wall: Timestamp(milliseconds: noon.wall.milliseconds + 3_600_000, trusted: true),
            monotonicMilliseconds: 3_600_000)
        #expect(heard.isOnline(at: later), "it may be read once an hour")
        try registry.persist()
        #expect(try DeviceRegistry(database: database).device(slave)?.lastSeen == noon.wall)
    }

    @Test func whatWasLearnedSurvivesARestart() throws {
        let database = try Database(path: ":memory:")
        try database.migrate(DeviceRegistry.migrations)
        let board = try #require(DeviceID("registry-board-1"))
        do {
            let registry = try DeviceRegistry(database: database)
            var sighting = Sighting(device: board, source: .serial, at: noon, presence: .online)
            sighting.firmware = "side-a-mdp-2.1.0"
            sighting.capabilities = ["estop", "two\nlines"]
            sighting.attributes = ["port": "/dev/ttyACM0\tx"]
            #expect(registry.note(sighting))
            #expect(!registry.note(sighting))
            registry.seen([try observation("registry-board-1", at: 5_000)])
            try registry.persist()
        }
        let device = try #require(try DeviceRegistry(database: database).device(board))
        #expect(device.firmware == "side-a-mdp-2.1.0")
        #expect(device.capabilities == ["estop", "two lines"])
        #expect(device.attributes == ["port": "/dev/ttyACM0 x"])
        #expect(device.lastSeen.milliseconds == noon.wall.milliseconds + 5_000)
        #expect(device.presence == .unknown)
    }

    @Test func aDeviceThatIsSilentForTwoMinutesIsNotOnline() throws {
        let database = try Database(path: ":memory:")
        try database.migrate(DeviceRegistry.migrations)
        let registry = try DeviceRegistry(database: database)
        registry.seen([try observation("registry-board-2", at: 0)])
        #expect(registry.count(onlineAt: noon) == (1, 1))
        let later = ReceiveTime(wall: noon.wall, monotonicMilliseconds: Device.silenceMax + 1)
        #expect(registry.count(onlineAt: later) == (0, 1))
    }

    @Test func anImportChangesNobodysPresence() throws {
        let database = try Database(path: ":memory:")
        try database.migrate(DeviceRegistry.migrations)
        let registry = try DeviceRegistry(database: database)
        func imported(_ id: String) throws -> Device? {
            var observation = try observation(id, at: 1_000)
            observation.source = .http
            registry.seen([observation], areImported: true)
            return registry.device(observation.device.id)
        }
        let now = ReceiveTime(wall: noon.wall, monotonicMilliseconds: 2_000)
        let fresh = try #require(try imported("registry-imported"))
        #expect(!fresh.isOnline(at: now) && fresh.lastHeard == nil && fresh.lastSeen.milliseconds == 0)
        let board = try #require(DeviceID("registry-imported-board"))
        registry.note(Sighting(device: board, source: .serial, at: noon, presence: .online))
        let known = try #require(try imported(board.text))
        #expect(known.isOnline(at: now) && known.source == .serial && known.lastHeard == 0)
        registry.seen([try observation("registry-imported", at: 1_500)])
        let heard = try #require(registry.device(fresh.id))
        #expect(heard.isOnline(at: now) && heard.source == .mqtt)
    }

    @Test func attributesOfAHostileDeviceAreBounded() throws {
        let database = try Database(path: ":memory:")
        try database.migrate(DeviceRegistry.migrations)
        let registry = try DeviceRegistry(database: database)
        let board = try #require(DeviceID("registry-board-3"))
        for number in 0..<1_000 {
            var sighting = Sighting(device: board, source: .mqtt, at: noon)
            sighting.attributes = ["key\(number)": "value"]
            registry.note(sighting)
        }
        #expect(registry.device(board)?.attributes.count == 64)
    }

    /// Tasmota speaks every five minutes; a will says when it goes.
    @Test func whoeverIsWatchedIsThereUntilItIsSaidToHaveGone() throws {
        let database = try Database(path: ":memory:")
        try database.migrate(DeviceRegistry.migrations)
        let registry = try DeviceRegistry(database: database)
        let id = try #require(DeviceID("registry-watched"))
        func isOnline(after milliseconds: Int64) -> Bool? {
            registry.device(id)?.isOnline(at: ReceiveTime(wall: noon.wall, monotonicMilliseconds: milliseconds))
        }
        registry.seen([try observation(id.text, at: 0)])
        #expect(isOnline(after: Device.silenceMax + 1) == false, "nobody watches it yet")
        var word = Sighting(device: id, source: .mqtt, at: noon, presence: .online)
        word.isWatched = true
        registry.note(word)
        #expect(isOnline(after: 3_600_000) == true)
        #expect(isOnline(after: Device.watchedSilenceMax + 1) == false, "a broker may have lost the will")
        word.presence = .offline
        word.isHearsay = true
        word.at.monotonicMilliseconds = 5_000
        registry.note(word)
        #expect(isOnline(after: 5_001) == false)
        #expect(registry.device(id)?.lastHeard == 0, "the broker said it, the device was not heard")
        registry.note(Sighting(device: id, source: .mqtt, at: noon, presence: .online))
        #expect(isOnline(after: Device.silenceMax + 1) == false, "said by one that will not tell when it goes")
    }
}
