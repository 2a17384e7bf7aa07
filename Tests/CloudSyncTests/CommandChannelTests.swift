import EventLoop
import Fleet
import GatewayModel
import GatewayTestKit
import SQLite
import Testing

@testable import CloudSync

/// Commands from the event stream of a stand-in broker over real sockets.
@Suite(.serialized)
struct CommandChannelTests {
    private let database: Database
    private let commands: CommandQueue
    private let broker: StandInMycorrhizae

    init() throws {
        database = try Database(path: ":memory:")
        try database.migrate(DeviceRegistry.migrations + DownlinkMemory.migrations)
        commands = CommandQueue(database: database, boot: "boot")
        broker = try StandInMycorrhizae()
    }

    private func channel(
        key: String = "myco_key", _ change: (inout CommandChannel.Settings) -> Void = { _ in }
    ) throws -> CommandChannel {
        let memory = DownlinkMemory(
            database: database, source: "mycorrhizae", commands: commands, origin: "mas",
            principal: "mycorrhizae:mycorrhizae", mayRepeat: true, lifetimeMax: .seconds(60), audit: { _ in })
        var settings = CommandChannel.Settings()
        settings.retryDelayInitial = .milliseconds(10)
        settings.retryDelayMax = .milliseconds(50)
        settings.holdDelay = .milliseconds(50)
        change(&settings)
        return try CommandChannel(
            "mycorrhizae", BrokerAccess(url: broker.url, key: key), settings: settings, memory: memory,
            isOurs: { $0.text.hasPrefix("board") }, clock: SystemClock(), seed: 1)
    }

    private func run(_ channel: CommandChannel, _ body: () throws -> Void) async throws {
        let task = Task { try await channel.run() }
        defer { task.cancel() }
        while channel.status.connections == 0 { await Task.yield() }
        try body()
        task.cancel()
        try await task.value
    }

    private var queued: [DeviceCommand] { (try? commands.recent(limit: 100)) ?? [] }

    @Test func commandsForOurDevicesAreTakenOnce() async throws {
        let channel = try channel()
        try await run(channel) {
            #expect(Eventually.holds { channel.status.isOpen })
            broker.command(#"{"cmd":"output_control","id":"buzzer","freq":440}"#, device: "board-1", id: "m-1")
            broker.command(#"{"cmd":"output_control","id":"buzzer","freq":440}"#, device: "board-1", id: "m-1")
            broker.command(#"{"cmd":"estop"}"#, device: "somebody-else", id: "m-2")
            #expect(Eventually.holds { channel.status.ignored["unknown_device"] == 1 })
        }
        #expect(queued.map(\.params) == [#"{"id":"buzzer","freq":440}"#])
        #expect(channel.status.taken == 1 && channel.status.ignored["repeated"] == 1)
        #expect(broker.withLedger { $0.patterns } == ["device.*.command"])
    }

    @Test func aBrokenLineIsMadeAgainAndNamesTheLastMessage() async throws {
        let channel = try channel()
        try await run(channel) {
            #expect(Eventually.holds { channel.status.isOpen })
            broker.command(#"{"cmd":"read_sensors"}"#, device: "board-1", id: "m-1")
            #expect(Eventually.holds { channel.status.taken == 1 })
            broker.dropListeners()
            #expect(broker.wait { $0.subscriptions.count == 2 })
            #expect(Eventually.holds { broker.listenerCount == 1 && channel.status.isOpen })
            // A broker that replays does no harm.
            broker.command(#"{"cmd":"read_sensors"}"#, device: "board-1", id: "m-1")
            broker.command(#"{"cmd":"scan"}"#, device: "board-1", id: "m-2")
            #expect(Eventually.holds { channel.status.taken == 2 })
        }
        #expect(broker.withLedger { $0.subscriptions } == [nil, "m-1"])
        #expect(queued.map(\.name).sorted() == ["read_sensors", "scan"])
    }

    /// The broker keeps no command for a line that is not there.
    @Test func aLostLineIsLookedForAgainWithinTenSeconds() {
        var backoff = CommandChannel.Settings().backoff
        var random = SplitMix64(seed: 1)
        let waits = (0..<1_000).map { _ in backoff.failed(now: 0, using: &random) }
        #expect(waits.allSatisfy { $0 <= .seconds(10) } && waits.contains { $0 > .seconds(5) })
    }

    @Test func aSilentLineIsGivenUp() async throws {
        let channel = try channel { $0.idleTimeout = .milliseconds(50) }
        try await run(channel) {
            #expect(broker.wait { $0.subscriptions.count >= 3 })
            #expect(Eventually.holds { channel.status.reason?.contains("no sign of life") == true })
        }
    }

    @Test func pingsKeepALineAlive() async throws {
        let channel = try channel { $0.idleTimeout = .milliseconds(500) }
        try await run(channel) {
            #expect(Eventually.holds { channel.status.isOpen })
            // Well beyond the limit, with a sign of life every few milliseconds.
            _ = Eventually.holds(within: .milliseconds(1_200)) {
                broker.send("event: ping\ndata: {}\n\n")
                return false
            }
            #expect(channel.status.isOpen && channel.status.connections == 1)
        }
    }

    @Test func aWrongKeySaysSoAndIsTriedSlowly() async throws {
        let channel = try channel(key: "myco_wrong") { $0.holdDelay = .seconds(600) }
        try await run(channel) {
            #expect(Eventually.holds { channel.status.reason?.contains("403") == true })
        }
        #expect(broker.withLedger { $0.turnedAway } == 1)
    }

    @Test func aFlushEndsAnyWait() async throws {
        broker.inject(.status(403), times: 1, on: "subscribe")
        let channel = try channel { $0.holdDelay = .seconds(600) }
        try await run(channel) {
            #expect(Eventually.holds { channel.status.reason?.contains("403") == true })
            channel.flush()
            #expect(Eventually.holds { channel.status.isOpen })
        }
    }

    @Test(arguments: [
        MASFault.page, .huge, .corrupt, .garbage, .closed, .redirect(to: "http://x/"), .status(500), .status(404),
        .status(429, retryAfter: "0"),
    ])
    func aBadAnswerIsOutlived(fault: MASFault) async throws {
        broker.inject(fault, times: 2, on: "subscribe")
        let channel = try channel()
        try await run(channel) {
            #expect(Eventually.holds { channel.status.isOpen })
            broker.command(#"{"cmd":"scan"}"#, device: "board-1", id: "m-1")
            #expect(Eventually.holds { channel.status.taken == 1 })
        }
    }

    @Test func anEndlessEventEndsTheLineNotTheGateway() async throws {
        let channel = try channel()
        try await run(channel) {
            #expect(Eventually.holds { channel.status.isOpen })
            for _ in 0..<40 { broker.send("data: " + String(repeating: "x", count: 32 << 10) + "\n") }
            #expect(Eventually.holds { channel.status.ignored["event_too_large"] == 1 })
            #expect(Eventually.holds { channel.status.connections >= 2 && channel.status.isOpen })
        }
    }
}
