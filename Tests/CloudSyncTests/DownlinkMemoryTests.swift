import CloudSync
import Fleet
import GatewayModel
import SQLite
import Synchronization
import Testing

@Suite struct DownlinkMemoryTests {
    private let database: Database
    private let commands: CommandQueue
    private let board = DeviceID("mycobrain-01")!
    private let audited = Counter()

    private final class Counter: Sendable {
        private let count = Mutex(0)
        var value: Int { count.withLock { $0 } }
        func add() { count.withLock { $0 += 1 } }
    }

    private struct CrashedHere: Error {}

    init() throws {
        database = try Database(path: ":memory:")
        try database.migrate(DeviceRegistry.migrations + DownlinkMemory.migrations)
        commands = CommandQueue(database: database, boot: "boot-1")
    }

    private func memory(
        rowsMax: Int64 = 100, mayRepeat: Bool = false, audit: (@Sendable (Note) throws -> Void)? = nil
    ) -> DownlinkMemory {
        DownlinkMemory(
            database: database, source: "mindex", commands: commands, origin: "mas", principal: "mindex:mindex",
            mayRepeat: mayRepeat, rowsMax: rowsMax, audit: audit ?? { [audited] _ in audited.add() })
    }

    private func at(_ milliseconds: Int64) -> ReceiveTime {
        ReceiveTime(
            wall: Timestamp(milliseconds: 1_768_478_400_000 + milliseconds, trusted: true),
            monotonicMilliseconds: milliseconds)
    }

    private func command(_ id: String, _ name: String = "read_sensors", expires: Int64? = nil) -> RemoteCommand {
        RemoteCommand(
            id: id, device: board, name: name, expires: expires.map { 1_768_478_400_000 + $0 })
    }

    @Test func aCommandThatIsOfferedAgainIsDoneOnce() throws {
        #expect(try memory().offer(command("a"), now: at(0)) == .taken)
        for time in 1...20 { #expect(try memory().offer(command("a"), now: at(Int64(time) * 10_000)) == .known) }
        #expect(try commands.recent(limit: 10).count == 1)
        #expect(audited.value == 1)
    }

    @Test func whatTheDeviceAnsweredIsToldUntilTheServerKnows() throws {
        let memory = memory()
        _ = try memory.offer(command("a"), now: at(0))
        #expect(try memory.answers(now: at(1)).isEmpty)
        _ = try commands.report(memory.localID(of: "a"), .acknowledged, result: "done")
        for _ in 0..<3 {
            let answers = try self.memory().answers(now: at(2))
            #expect(answers.map(\.message) == ["done"])
            #expect(answers.map(\.isSuccess) == [true])
        }
        try memory.told("a")
        #expect(try memory.answers(now: at(3)).isEmpty)
        #expect(try memory.offer(command("a"), now: at(4)) == .known)
    }

    @Test func aCrashBetweenRememberingAndDoingIsMadeUpForOnce() throws {
        let crashing = memory { _ in throw CrashedHere() }
        #expect(throws: CrashedHere.self) { try crashing.offer(command("a"), now: at(0)) }
        #expect(try commands.recent(limit: 10).isEmpty)
        _ = try memory().answers(now: at(1_000))
        _ = try memory().answers(now: at(2_000))
        #expect(try commands.recent(limit: 10).count == 1)
        #expect(try memory().offer(command("a"), now: at(3_000)) == .known)
    }

    @Test func aCrashBetweenDoingAndTellingDoesNothingTwice() throws {
        _ = try memory().offer(command("a"), now: at(0))
        _ = try commands.report(memory().localID(of: "a"), .sent)
        // After a restart the server offers it again: `pending` does not know that it was taken.
        #expect(try memory().offer(command("a"), now: at(1)) == .known)
        _ = try memory().answers(now: at(2))
        #expect(try commands.recent(limit: 10).map(\.state) == [.sent])
    }

    @Test func aCrashBetweenDoingAndNotingItDoesNothingTwice() throws {
        _ = try memory().offer(command("a"), now: at(0))
        _ = try commands.report(memory().localID(of: "a"), .sent)
        try database.write { connection throws(SQLiteError) in
            try connection.run("UPDATE downlink_command SET state = 'taken'")
        }
        #expect(try memory().answers(now: at(1)).isEmpty)
        #expect(try commands.recent(limit: 10).map(\.state) == [.sent])
        #expect(audited.value == 1)
    }

    @Test func aCommandThatMayHaveComeOverAnotherWayIsNotMadeUpFor() throws {
        let crashing = memory(mayRepeat: true) { _ in throw CrashedHere() }
        #expect(throws: CrashedHere.self) { try crashing.offer(command("a"), now: at(0)) }
        let answers = try memory(mayRepeat: true).answers(now: at(1_000))
        #expect(answers.map(\.isSuccess) == [false])
        #expect(try commands.recent(limit: 10).isEmpty)
    }

    @Test func theSameCommandOverTwoWaysIsOne() throws {
        _ = try commands.submit(
            id: "http", device: board, name: "read_sensors", params: "{}", origin: "mas", now: at(0),
            mayRepeat: true)
        #expect(try memory(mayRepeat: true).offer(command("a"), now: at(500)) == .taken)
        #expect(try commands.recent(limit: 10).map(\.id) == ["http"])
    }

    @Test func aCommandThatCannotBeRememberedIsNotDone() throws {
        let memory = memory(rowsMax: 3)
        for id in ["a", "b", "c"] { #expect(try memory.offer(command(id), now: at(0)) == .taken) }
        #expect(try memory.offer(command("d"), now: at(1)) == .full)
        #expect(try commands.recent(limit: 10).count == 3)
        #expect(try memory.offer(command("e", "estop"), now: at(1)) == .taken)
        // Only what the server knows of, and so will not offer again, makes room.
        try memory.told("a")
        try memory.told("b")
        #expect(try memory.offer(command("d"), now: at(2)) == .taken)
        #expect(try memory.offer(command("c"), now: at(3)) == .known)
    }

    @Test func tellingIsGivenUpAfterAWhileAndForgottenOnlyWhenItHasExpired() throws {
        let memory = memory(rowsMax: 1)
        _ = try memory.offer(command("a", expires: 3_600_000), now: at(0))
        _ = try commands.report(memory.localID(of: "a"), .refused, result: "no")
        for attempt in 0..<DownlinkMemory.attemptsMax {
            #expect(try memory.answers(now: at(1)).map(\.attempts) == [attempt])
            #expect(try memory.failed("a", attempts: attempt) == (attempt + 1 < DownlinkMemory.attemptsMax))
        }
        #expect(try memory.answers(now: at(2)).isEmpty)
        #expect(try memory.offer(command("a"), now: at(3)) == .known)
        #expect(try memory.offer(command("b"), now: at(3_700_000)) == .full)
        #expect(try memory.offer(command("b"), now: at(3_600_000 + 86_400_001)) == .taken)
    }

    @Test func aCommandThatTheQueueRefusesIsAnswered() throws {
        _ = try memory().offer(command("a", "not a name!"), now: at(0))
        let answers = try memory().answers(now: at(1))
        #expect(answers.map(\.isSuccess) == [false])
        #expect(answers[0].message.contains("accepted are"))
    }
}
