import Fleet
import GatewayModel
import SQLite
import Testing

@Suite struct CommandQueueTests {
    let board = DeviceID("mycobrain-01")!
    let noon = Timestamp(milliseconds: 1_768_478_400_000, trusted: true)

    func queue() throws -> CommandQueue {
        let database = try Database(path: ":memory:")
        try database.migrate(DeviceRegistry.migrations)
        return CommandQueue(database: database)
    }

    func after(_ milliseconds: Int64) -> Timestamp {
        Timestamp(milliseconds: noon.milliseconds + milliseconds, trusted: true)
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

    @Test func theSameCommandTwiceWithinTheWindowIsOneCommand() throws {
        let queue = try queue()
        let first = try queue.submit(id: "a", device: board, name: "estop", params: "{}", origin: "mas", now: noon)
        let second = try queue.submit(
            id: "b", device: board, name: "estop", params: "{}", origin: "mas", now: after(1_500))
        #expect(second == first)
        let third = try queue.submit(
            id: "c", device: board, name: "estop", params: "{}", origin: "mas", now: after(5_000))
        #expect(third.id == "c")
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
