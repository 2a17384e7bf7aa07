import CloudSync
import GatewayModel
import GatewayTestKit
import NATS
import Testing

/// What goes wrong around a NATS destination, what people are told, and that it goes on by itself.
@Suite(.serialized)
struct NATSTroubleTests {
    private let own = "mycogate-gw-1"

    private func outside(_ server: NATSServerProcess) throws -> NATSConnection {
        try NATSConnection(NATSSettings(), address: server.url, onArrival: {})
    }

    private func isHeld(_ world: NATSWorld, _ text: String) async -> Bool {
        let isHeld = await NATSWorld.waits {
            world.status.state == .held && world.status.reason?.contains(text) == true
        }
        if !isHeld { Issue.record("\(world.status)") }
        return isHeld
    }

    @Test func aForeignWriterOnTheSubjectIsHeldUntilItIsGone() async throws {
        let server = try NATSServerProcess()
        let readings = NumberedStream(count: 50)
        let world = try NATSWorld([server.url], [readings])
        #expect(await NATSWorld.waits { readings.acknowledged == 50 })
        let connection = try outside(server)
        _ = try connection.publish(Array("mine".utf8)[...], to: "mycogate.gw-1.readings", id: "x", expecting: .init())
        #expect(StreamContents.reaches(51, own, at: server.url))
        readings.append(10)
        #expect(await isHeld(world, "another writer (sequence 51, id x)"))
        #expect(readings.acknowledged == 50)
        try connection.delete(stream: own)
        world.destination.flush()
        #expect(await NATSWorld.waits { readings.acknowledged == 60 })
        try await world.stop()
        #expect(tells(try StreamContents.read(own, at: server.url), 51...60))
    }

    @Test func anIntruderInOurStreamCostsTheOrderOfARecordAndNeverTheRecord() async throws {
        let server = try NATSServerProcess()
        let readings = NumberedStream(count: 50)
        let world = try NATSWorld([server.url], [readings])
        #expect(await NATSWorld.waits { readings.acknowledged == 50 })
        let connection = try outside(server)
        _ = try connection.publish(Array("mine".utf8)[...], to: "mycogate.gw-1.tasks", id: "x", expecting: .init())
        #expect(StreamContents.reaches(51, own, at: server.url))
        readings.append(100)
        #expect(await NATSWorld.waits { readings.acknowledged == 150 })
        try await world.stop()
        let ids = try StreamContents.read(own, at: server.url).compactMap(\.id).filter { $0 != "x" }
        #expect(ids.count == 150)
        let isWhole = Set(ids) == Set((1...150).map { "gw-1/e1/readings/\($0)" })
        #expect(isWhole)
        #expect(world.status.warnings.first?.contains("stored late") == true)
    }

    @Test func anotherBoxWithOurIdIsNoticed() async throws {
        let server = try NATSServerProcess()
        let readings = NumberedStream(count: 50)
        let world = try NATSWorld([server.url], [readings])
        #expect(await NATSWorld.waits { readings.acknowledged == 50 })
        let clone = NumberedStream(count: 70)
        let other = try NATSWorld([server.url], [clone])
        #expect(await NATSWorld.waits { clone.acknowledged == 70 })
        readings.append(10)
        #expect(await isHeld(world, "somebody else with this gateway's id"))
        try await world.stop()
        try await other.stop()
    }

    @Test func whatIsLargerThanTheServerTakesIsPutAside() async throws {
        let server = try NATSServerProcess(settings: ["max_payload: 4096"])
        let readings = NumberedStream(count: 40)
        readings.change { $0.sizes = [1: 9_000, 17: 9_000, 40: 9_000] }
        let world = try NATSWorld([server.url], [readings])
        #expect(await NATSWorld.waits { readings.acknowledged == 40 })
        try await world.stop()
        #expect(Set(readings.refused.keys) == [1, 17, 40])
        #expect(readings.refused[17]?.contains("4096") == true)
        let ids = try StreamContents.read(own, at: server.url).compactMap(\.id)
        #expect(ids == (1...40).filter { ![1, 17, 40].contains($0) }.map { "gw-1/e1/readings/\($0)" })
        #expect(world.status.refused == 3)
    }

    @Test func whatTheStreamFindsTooLargeIsPutAsideWithItsWords() async throws {
        let server = try NATSServerProcess()
        let readings = NumberedStream(count: 40)
        readings.change { $0.sizes = [17: 9_000] }
        let world = try NATSWorld([server.url], [readings]) { $0.stream.messageSizeMax = 4_096 }
        #expect(await NATSWorld.waits { readings.acknowledged == 40 })
        try await world.stop()
        #expect(readings.refused == [17: "message size exceeds maximum allowed (JetStream error 10054)"])
        let ids = try StreamContents.read(own, at: server.url).compactMap(\.id)
        #expect(ids == (1...40).filter { $0 != 17 }.map { "gw-1/e1/readings/\($0)" })
    }

    @Test func aFullStreamIsHeldAndGoesOnWhenThereIsRoom() async throws {
        let server = try NATSServerProcess()
        let readings = NumberedStream(count: 25)
        let world = try NATSWorld([server.url], [readings]) { $0.stream.messagesMax = 10 }
        #expect(await isHeld(world, "is full: maximum messages exceeded"))
        #expect(await NATSWorld.waits { readings.acknowledged == 10 })
        try outside(server).delete(stream: own)
        world.destination.flush()
        #expect(await NATSWorld.waits { readings.acknowledged == 20 })
        #expect(await isHeld(world, "is full"))
        try await world.stop()
        #expect(tells(try StreamContents.read(own, at: server.url), 11...20))
        #expect(readings.refused.isEmpty)
    }

    @Test func theLimitsOfTheAccountAreHeld() async throws {
        let server = try NATSServerProcess(jetStream: "max_file_store: 32KB")
        let readings = NumberedStream(count: 2_000)
        let world = try NATSWorld([server.url], [readings])
        #expect(await isHeld(world, "no room in JetStream"))
        #expect(readings.acknowledged < 2_000)
        try await world.stop()
    }

    @Test func wrongCredentialsAreHeld() async throws {
        let server = try NATSServerProcess(settings: [#"authorization { user: gw, password: "right" }"#])
        let readings = NumberedStream(count: 5)
        let world = try NATSWorld([server.url], [readings]) {
            $0.client.credentials = .user("gw", password: "wrong")
        }
        #expect(await isHeld(world, "Authorization"))
        try await world.stop()
    }

    @Test func whatWeMayNotPublishIsHeld() async throws {
        let server = try NATSServerProcess(settings: [
            #"authorization { users: [{user: gw, password: p, permissions: {publish: ["$JS.API.>", "_INBOX.>"]}}] }"#
        ])
        let readings = NumberedStream(count: 5)
        let world = try NATSWorld([server.url], [readings]) { $0.client.credentials = .user("gw", password: "p") }
        #expect(await isHeld(world, "mycogate.gw-1.readings"))
        try await world.stop()
    }

    @Test func aStreamThatDoesNotExistIsHeldUnlessWeMayMakeIt() async throws {
        let server = try NATSServerProcess()
        let readings = NumberedStream(count: 5)
        let world = try NATSWorld([server.url], [readings]) { $0.createsStream = false }
        #expect(await isHeld(world, "the stream mycogate-gw-1 does not exist"))
        _ = try outside(server).create(StreamPlan(name: own, subjects: ["mycogate.gw-2.>"]))
        world.destination.flush()
        #expect(await isHeld(world, "does not take the subject mycogate.gw-1.readings"))
        try await world.stop()
    }

    @Test func aServerThatGoesAndComesBackMissesAndRepeatsNothing() async throws {
        var server = try NATSServerProcess()
        let readings = NumberedStream(count: 20_000)
        let world = try NATSWorld([server.url], [readings])
        for round in 1...3 {
            #expect(await NATSWorld.waits { readings.acknowledged > Int64(round) * 2_000 })
            let (port, folder) = (server.port, server.folder)
            server.kill()
            #expect(await NATSWorld.waits { world.status.state == .retrying })
            server = try NATSServerProcess(port: port, folder: folder)
        }
        #expect(await NATSWorld.waits { readings.acknowledged == 20_000 })
        try await world.stop()
        #expect(tells(try StreamContents.read(own, at: server.url), 1...20_000))
    }

    @Test func aServerThatStopsAnsweringIsLeftAndFoundAgain() async throws {
        let server = try NATSServerProcess()
        let readings = NumberedStream(count: 20_000)
        let world = try NATSWorld([server.url], [readings]) {
            $0.answerTimeout = 300
            $0.client.connectTimeout = 300
            $0.client.requestTimeout = 300
            $0.stream.duplicateWindow = 100_000_000
        }
        #expect(await NATSWorld.waits { readings.acknowledged > 1_000 })
        server.freeze()
        #expect(await NATSWorld.waits { world.status.state == .retrying })
        server.thaw()
        #expect(await NATSWorld.waits { readings.acknowledged == 20_000 })
        try await world.stop()
        #expect(tells(try StreamContents.read(own, at: server.url), 1...20_000))
    }

    @Test func aStopIsQuickAlsoWhenNobodyAnswers() async throws {
        let server = try NATSServerProcess()
        let readings = NumberedStream(count: 100)
        let world = try NATSWorld([server.url], [readings])
        #expect(await NATSWorld.waits { readings.acknowledged == 100 })
        server.freeze()
        readings.append(100)
        #expect(await NATSWorld.waits { world.status.inFlight > 0 })
        let began = ContinuousClock().now
        try await world.stop()
        #expect(ContinuousClock().now - began < .seconds(6))
        server.thaw()
    }
}
