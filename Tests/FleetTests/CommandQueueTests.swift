import Fleet
import GatewayModel
import SQLite
import Testing

@Suite struct CommandQueueTests {
    let board = DeviceID("mycobrain-01")!
    let noon = ReceiveTime(
        wall: Timestamp(milliseconds: 1_768_478_400_000, trusted: true), monotonicMilliseconds: 60_000)

    func queue() throws -> CommandQueue {
        let database = try Database(path: ":memory:")
        try database.migrate(DeviceRegistry.migrations)
        return CommandQueue(database: database, boot: "boot-1")
    }

    func after(_ milliseconds: Int64) -> ReceiveTime {
        ReceiveTime(
            wall: Timestamp(milliseconds: noon.wall.milliseconds + milliseconds, trusted: true),
            monotonicMilliseconds: noon.monotonicMilliseconds + milliseconds)
    }

    @Test func everyStateMovesForwardOnlyAndEndsOnce() {
        for from in DeviceCommand.State.allCases {
            for to in DeviceCommand.State.allCases {
                let forward = !from.isFinal && to != .queued && !(from == .sent && to == .sent)
                #expect(from.allows(to) == forward, "\(from) to \(to)")
            }
        }
    }

    @Test func anEstopIsHandedOutBeforeOlderCommands() throws {
        let queue = try queue()
        _ = try queue.submit(id: "a", device: board, name: "read_sensors", params: "{}", origin: "cli", now: noon)
        _ = try queue.submit(id: "b", device: board, name: "estop", params: "{}", origin: "cli", now: after(10))
        #expect(try queue.waiting(for: board, now: after(20)).map(\.id) == ["b", "a"])
    }

    @Test func switchingOnOffAndOnAgainIsThreeCommands() throws {
        let queue = try queue()
        let ids = try ["1", "0", "1"].enumerated().map { step, value in
            try queue.submit(
                id: "c\(step)", device: board, name: "output_control", params: "{\"value\":\(value)}", origin: "mas",
                now: after(Int64(step) * 100), mayRepeat: true
            ).id
        }
        #expect(ids == ["c0", "c1", "c2"])
    }

    @Test func anEstopIsNeverTakenForARepetition() throws {
        let queue = try queue()
        for id in ["a", "b"] {
            let command = try queue.submit(
                id: id, device: board, name: "estop", params: "{}", origin: "mas", now: noon, mayRepeat: true)
            #expect(command.id == id)
        }
    }

    @Test func whatAPersonSendsTwiceIsTwoCommands() throws {
        let queue = try queue()
        for id in ["a", "b"] {
            #expect(
                try queue.submit(id: id, device: board, name: "ping", params: "{}", origin: "cli", now: noon).id == id)
        }
    }

    @Test func theSameCommandOverTwoWaysIsOneCommand() throws {
        let queue = try queue()
        func submit(_ id: String, _ milliseconds: Int64) throws -> DeviceCommand {
            try queue.submit(
                id: id, device: board, name: "read_sensors", params: "{}", origin: "mas", now: after(milliseconds),
                mayRepeat: true)
        }
        let first = try submit("a", 0)
        #expect(try submit("b", 1_500) == first)
        #expect(try submit("c", 5_000).id == "c")
        #expect(try queue.report("c", .refused))
        #expect(try submit("d", 5_100).id == "d", "a refused one is worth another try")
    }

    @Test func aFullBacklogRefusesAllButAnEstop() throws {
        let queue = try queue()
        for number in 0..<CommandQueue.backlogMax {
            _ = try queue.submit(
                id: "c\(number)", device: board, name: "ping", params: "{\"n\":\(number)}", origin: "cli", now: noon)
        }
        #expect(throws: CommandRefusal.self) {
            try queue.submit(id: "x", device: board, name: "ping", params: "{}", origin: "cli", now: noon)
        }
        #expect(
            try queue.submit(id: "e", device: board, name: "estop", params: "{}", origin: "cli", now: noon).id == "e")
    }

    @Test func aCommandNobodyAnswersExpiresAndWakesItsWaiter() async throws {
        let queue = try queue()
        _ = try queue.submit(id: "a", device: board, name: "ping", params: "{}", origin: "cli", now: noon)
        #expect(try queue.report("a", .sent))
        async let finished: Void = queue.finish(of: "a")
        try queue.expire(now: after(61_000))
        try await finished
        let command = try #require(try queue.command("a"))
        #expect(command.state == .expired)
        #expect(command.result == "the device did not answer in time")
        #expect(try !queue.report("a", .acknowledged))
    }

    @Test(arguments: ["", "two words", "a/b", "\u{7}", String(repeating: "x", count: 65)])
    func aNameThatNoFirmwareCouldHaveIsRefused(_ name: String) throws {
        let queue = try queue()
        #expect(throws: CommandRefusal.self) {
            try queue.submit(id: "a", device: board, name: name, params: "{}", origin: "cli", now: noon)
        }
    }
}

/// Time that does not go as it should.
@Suite struct CommandTimeTests {
    let board = DeviceID("mycobrain-01")!

    private func at(_ wall: Int64, _ monotonic: Int64, trusted: Bool = true) -> ReceiveTime {
        ReceiveTime(wall: Timestamp(milliseconds: wall, trusted: trusted), monotonicMilliseconds: monotonic)
    }

    private func database() throws -> Database {
        let database = try Database(path: ":memory:")
        try database.migrate(DeviceRegistry.migrations)
        return database
    }

    private func submit(_ id: String, to queue: CommandQueue, _ now: ReceiveTime) throws {
        _ = try queue.submit(id: id, device: board, name: "ping", params: "{}", origin: "cli", now: now)
    }

    @Test func aClockThatIsSetNeitherEndsNorKeepsACommand() throws {
        let queue = CommandQueue(database: try database(), boot: "boot-1")
        let now: Int64 = 1_790_000_000_000
        try submit("a", to: queue, at(60_000, 60_000, trusted: false))
        try queue.expire(now: at(now, 61_000))
        #expect(try queue.waiting(for: board, now: at(now, 61_000)).map(\.id) == ["a"])
        try submit("b", to: queue, at(now, 62_000))
        try queue.expire(now: at(1_000, 63_000, trusted: false))
        #expect(try queue.waiting(for: board, now: at(1_000, 63_000)).map(\.id) == ["a", "b"])
        #expect(try queue.command("b")?.end(at: at(1_000, 63_000)) == 122_000)
        try queue.expire(now: at(1_000, 122_000, trusted: false))
        #expect(try ["a", "b"].map { try queue.command($0)?.state } == [.expired, .expired])
    }

    @Test func aCommandOfAnEarlierBootHasTheRestOfItsTime() throws {
        let database = try database()
        let now: Int64 = 1_790_000_000_000
        let first = CommandQueue(database: database, boot: "boot-1")
        try submit("known", to: first, at(now, 900_000))
        try submit("unknown", to: first, at(9_000, 900_000, trusted: false))
        let second = CommandQueue(database: database, boot: "boot-2")
        try second.expire(now: at(now + 20_000, 5_000))
        #expect(try second.command("known")?.end(at: at(now, 5_000)) == 45_000)
        #expect(try second.command("unknown")?.end(at: at(now, 5_000)) == 65_000)
        try second.expire(now: at(now + 60_000, 45_000))
        #expect(try second.command("known")?.state == .expired)
        #expect(try second.command("unknown")?.state == .queued)
    }

    @Test func aDeviceStaysOnlineWhenTheClockIsSet() throws {
        let registry = try DeviceRegistry(database: try database())
        let device = try #require(DeviceID("clock-board").flatMap { DeviceName($0) })
        registry.seen([Observation(device: device, received: at(60_000, 60_000, trusted: false), source: .mqtt)])
        #expect(registry.count(onlineAt: at(1_790_000_000_000, 61_000)) == (1, 1))
        registry.seen([Observation(device: device, received: at(5_000, 62_000, trusted: false), source: .mqtt)])
        #expect(registry.count(onlineAt: at(6_000, 63_000)) == (1, 1))
        #expect(registry.device(device.id)?.lastSeen.milliseconds == 5_000)
        #expect(registry.count(onlineAt: at(6_000, 62_000 + Device.silenceMax + 1)) == (0, 1))
    }
}
