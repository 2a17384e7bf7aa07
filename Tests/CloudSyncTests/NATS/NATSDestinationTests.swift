import CloudSync
import GatewayModel
import GatewayTestKit
import NATS
import Testing

/// Whole destinations against a real server: what is stored, once and in order.
@Suite(.serialized)
struct NATSDestinationTests {
    private let server: NATSServerProcess
    /// The stream a destination makes for itself.
    private let own = "mycogate-gw-1"
    /// Short enough to be over before a test is.
    private static let window: Int64 = 100_000_000

    init() throws { server = try NATSServerProcess() }

    private func contents() throws -> [StoredMessage] { try StreamContents.read(own, at: server.url) }

    private func outlastTheWindow() {
        // The server looks at its window by its own clock, so there is nothing else to wait for.
        _ = Eventually.holds(within: .milliseconds(300)) { false }
    }

    @Test func everyRecordOfEveryStreamIsStoredOnceAndInOrderAsThePullSideGivesIt() async throws {
        let readings = NumberedStream(count: 3_000)
        let audit = NumberedStream(.audit, count: 50)
        let world = try NATSWorld([server.url], [readings, audit])
        #expect(await NATSWorld.waits { readings.acknowledged == 3_000 && audit.acknowledged == 50 })
        readings.append(10)
        #expect(await NATSWorld.waits { readings.acknowledged == 3_010 })
        #expect(await NATSWorld.waits { world.status.state == .connected && world.status.lag == 0 })
        try await world.stop()
        let stored = try contents()
        #expect(tells(stored, 1...3_010))
        #expect(tells(stored, 1...50, of: .audit))
        let body = String(decoding: try #require(stored.first { $0.id == "gw-1/e1/readings/7" }).body, as: UTF8.self)
        #expect(body.hasPrefix(#"{"seq":7,"id":"gw-1/e1/readings/7","device":"board-0","#))
        #expect(world.status.state == .stopped)
    }

    @Test func whatIsGoneIsToldInItsPlace() async throws {
        let readings = NumberedStream(count: 20)
        readings.change { $0.lost = [1...3, 10...12] }
        let world = try NATSWorld([server.url], [readings])
        #expect(await NATSWorld.waits { readings.acknowledged == 20 })
        try await world.stop()
        let stored = try contents()
        let ids = stored.compactMap { $0.id?.split(separator: "/").last }.joined(separator: " ")
        #expect(ids == "1-3 4 5 6 7 8 9 10-12 13 14 15 16 17 18 19 20")
        #expect(
            String(decoding: stored[0].body, as: UTF8.self)
                == #"{"gap":{"from":1,"to":3,"count":3,"reason":"evicted"}}"#)
    }

    @Test func aRestartAfterTheWindowWithAnOldCursorRepeatsNothing() async throws {
        let readings = NumberedStream(count: 500)
        let first = try NATSWorld([server.url], [readings]) { $0.stream.duplicateWindow = Self.window }
        #expect(await NATSWorld.waits { readings.acknowledged == 500 })
        try await first.stop()
        // As after a power cut: the cursor is older than what is stored.
        readings.change {
            $0.acknowledged = 100
            $0.last = 600
        }
        outlastTheWindow()
        let second = try NATSWorld([server.url], [readings]) { $0.stream.duplicateWindow = Self.window }
        #expect(await NATSWorld.waits { readings.acknowledged == 600 })
        try await second.stop()
        #expect(tells(try contents(), 1...600))
        #expect(second.status.sent == 100)
    }

    @Test func aBoxRestoredFromABackupGoesOnBehindWhatItsForerunnerStored() async throws {
        let forerunner = NumberedStream(count: 500)
        let first = try NATSWorld([server.url], [forerunner]) { $0.stream.duplicateWindow = Self.window }
        #expect(await NATSWorld.waits { forerunner.acknowledged == 500 })
        try await first.stop()
        outlastTheWindow()
        // The backup held 400 records, 300 of them acknowledged; then a new epoch began.
        let restored = NumberedStream(epoch: "e2", count: 450)
        restored.change {
            $0.acknowledged = 300
            $0.earlier = ("e1", 400)
        }
        let second = try NATSWorld([server.url], [restored])
        #expect(await NATSWorld.waits { restored.acknowledged == 450 })
        try await second.stop()
        let ids = try contents().compactMap(\.id)
        let before = (1...500).map { "gw-1/e1/readings/\($0)" }
        let after = (401...450).map { "gw-1/e2/readings/\($0)" }
        #expect(Array(ids.prefix(500)) == before)
        #expect(Array(ids.dropFirst(500)) == after)
    }

    @Test func aSecondBoxRestoredFromTheSameBackupRepeatsNothingEither() async throws {
        // The forerunner stored 350 of the 400 records in the backup, the first restored box the rest and its own.
        for (epoch, last) in [("e1", Int64(350)), ("e2", 9_500), ("e3", 450)] {
            let box = NumberedStream(epoch: epoch, count: last)
            box.change { if epoch != "e1" { ($0.acknowledged, $0.earlier) = (300, ("e1", 400)) } }
            let world = try NATSWorld([server.url], [box]) { $0.stream.duplicateWindow = Self.window }
            #expect(await NATSWorld.waits { box.acknowledged == last })
            try await world.stop()
            outlastTheWindow()
        }
        let expected =
            (1...400).map { "gw-1/e1/readings/\($0)" } + (401...9_500).map { "gw-1/e2/readings/\($0)" }
            + (401...450).map { "gw-1/e3/readings/\($0)" }
        #expect(try contents().compactMap(\.id) == expected)
    }

    @Test func copiesThatArriveLateAreNotStored() async throws {
        let proxy = try LinkProxy(to: server.port)
        let readings = NumberedStream(count: 200)
        let first = try NATSWorld(["nats://127.0.0.1:\(proxy.port)"], [readings]) {
            $0.stream.duplicateWindow = Self.window
            $0.depthMax = 1
        }
        #expect(await NATSWorld.waits { readings.acknowledged == 200 })
        // What is published now is on its way for longer than we live.
        proxy.impose(.holding)
        readings.append(1)
        #expect(await NATSWorld.waits { proxy.heldCount > 200 })
        try await first.stop()
        let second = try NATSWorld([server.url], [readings]) { $0.stream.duplicateWindow = Self.window }
        #expect(await NATSWorld.waits { readings.acknowledged == 201 })
        outlastTheWindow()
        proxy.heal()
        #expect(Eventually.holds { proxy.heldCount == 0 })
        readings.append(100)
        #expect(await NATSWorld.waits { readings.acknowledged == 301 })
        try await second.stop()
        #expect(tells(try contents(), 1...301))
    }

    @Test func gatewaysThatShareAStreamKeepTheirOrder() async throws {
        let outside = try NATSConnection(NATSSettings(), address: server.url, onArrival: {})
        _ = try outside.create(StreamPlan(name: "ALL", subjects: ["mycogate.>"]))
        let streams = [NumberedStream(count: 300), NumberedStream(count: 300)]
        let worlds = try streams.enumerated().map { index, stream in
            try NATSWorld([server.url], [stream]) {
                $0.gatewayID = "gw-\(index + 1)"
                $0.stream.name = "ALL"
            }
        }
        #expect(await NATSWorld.waits { streams.allSatisfy { $0.acknowledged == 300 } })
        for world in worlds { try await world.stop() }
        let stored = try StreamContents.read("ALL", at: server.url)
        #expect(stored.count == 600)
        for gateway in ["gw-1", "gw-2"] {
            let ids = stored.filter { $0.subject == "mycogate.\(gateway).readings" }.compactMap(\.id)
            #expect(ids == (1...300).map { "\(gateway)/e1/readings/\($0)" })
        }
    }

    @Test func aLeafNodePassesOnAndTheHubMayBeAway() async throws {
        let leaves = try LoopbackPort.free()
        let listening = ["leafnodes { listen: \"127.0.0.1:\(leaves)\" }"]
        let domain = "max_file_store: 2GB, domain: hub"
        var hub = try NATSServerProcess(name: "hub", jetStream: domain, settings: listening)
        let leaf = try NATSServerProcess(
            name: "leaf", jetStream: nil,
            settings: ["leafnodes { reconnect: 1, remotes: [{url: \"nats://127.0.0.1:\(leaves)\"}] }"])
        let readings = NumberedStream(count: 2_000)
        let world = try NATSWorld([leaf.url], [readings]) { $0.domain = "hub" }
        #expect(await NATSWorld.waits { readings.acknowledged == 2_000 })
        let (port, folder) = (hub.port, hub.folder)
        hub.kill()
        readings.append(500)
        #expect(await NATSWorld.waits { world.status.state == .retrying })
        hub = try NATSServerProcess(port: port, folder: folder, name: "hub", jetStream: domain, settings: listening)
        #expect(await NATSWorld.waits { readings.acknowledged == 2_500 })
        try await world.stop()
        #expect(tells(try StreamContents.read(own, at: hub.url), 1...2_500))
    }
}
