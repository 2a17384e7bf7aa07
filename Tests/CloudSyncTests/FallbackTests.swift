import CloudSync
import EventLoop
import GatewayModel
import GatewayTestKit
import JSONText
import Synchronization
import Testing

/// The website as a fallback over real sockets, and the gate in front of it.
@Suite(.serialized)
struct FallbackTests {
    private let rig = ServerRig()
    private let clock = VirtualClock()
    private let world = World()

    private final class World: Sendable {
        private struct CannotWrite: Error {}
        private let state = Mutex((status: World.status(.connected, 0, 0), notes: [Note](), fails: false))

        static func status(_ state: DestinationStatus.State, _ acknowledged: Int64, _ lag: Int64) -> DestinationStatus {
            var status = DestinationStatus(
                name: "mas", kind: "mas", state: state, acknowledged: SequenceNumber(acknowledged), lag: lag)
            status.reason = "connection refused"
            return status
        }

        var primary: DestinationStatus { state.withLock { $0.status } }
        var notes: [Note] { state.withLock { $0.notes } }
        func set(_ state: DestinationStatus.State, acknowledged: Int64, lag: Int64) {
            self.state.withLock { $0.status = Self.status(state, acknowledged, lag) }
        }
        func failAudit(_ fails: Bool) { state.withLock { $0.fails = fails } }
        func audit(_ note: Note) throws {
            try state.withLock { state in
                if state.fails { throw CannotWrite() }
                state.notes.append(note)
            }
        }
    }

    private func gate() -> FallbackGate {
        FallbackGate(
            .init(fallback: "website", primary: "mas"), after: .seconds(600), clock: clock,
            primary: { [world] in world.primary }, audit: { [world] in try world.audit($0) })
    }

    private func destination(_ website: StandInWebsite, _ gate: FallbackGate) throws -> FormatDestination<WebsiteFormat>
    {
        try rig.destination(
            "website",
            WebsiteFormat(url: website.url, token: nil, key: nil, gateway: "gw-1", epoch: "epoch"),
            source: gate.guarding(rig.source))
    }

    @Test func nothingIsSentWhileThePrimaryWorksAndTheCursorFollowsIt() async throws {
        let website = try StandInWebsite()
        let gate = gate()
        world.set(.connected, acknowledged: 20, lag: 5)
        gate.look()
        for _ in 0..<25 { rig.stream.append("board-1") }
        try await rig.run(try destination(website, gate)) {
            #expect(Eventually.holds { rig.stream.acknowledged == 20 })
            // Nothing comes in any more, and what the primary takes is not owed by the fallback either.
            world.set(.connected, acknowledged: 25, lag: 0)
            gate.look()
            #expect(Eventually.holds { rig.stream.acknowledged == 25 })
        }
        #expect(website.bodies.isEmpty && world.notes.isEmpty)
    }

    @Test func whatThePrimaryDoesNotTakeForAWhileGoesToTheFallbackAndIsRecorded() async throws {
        let website = try StandInWebsite()
        let gate = gate()
        for _ in 0..<25 { rig.stream.append("board-1") }
        world.set(.retrying, acknowledged: 20, lag: 5)
        let destination = try destination(website, gate)
        try await rig.run(destination) {
            gate.look()
            clock.advance(by: .seconds(599))
            gate.look()
            #expect(!gate.isOpen)
            clock.advance(by: .seconds(1))
            gate.look()
            #expect(gate.isOpen)
            #expect(website.wait(forCount: 5))
            #expect(Eventually.holds { rig.stream.acknowledged == 25 })
            world.set(.connected, acknowledged: 20, lag: 5)
            gate.look()
            #expect(!gate.isOpen)
            rig.stream.append("board-1")
            world.set(.connected, acknowledged: 26, lag: 0)
            gate.look()
            rig.stream.append("board-1")
            #expect(Eventually.holds { rig.stream.acknowledged == 26 })
        }
        #expect(website.bodies.count == 5)
        #expect(world.notes.map(\.kind) == ["fallback_opened", "fallback_closed"])
        #expect(world.notes.map(\.stream) == [.audit, .audit])
        let closed = try JSON(parsing: world.notes[1].body)
        #expect(closed["after"]?.int64 == 20 && closed["up_to"]?.int64 == 25)
        #expect(closed["primary"]?.string == "mas" && closed["destination"]?.string == "website")
    }

    @Test func aPrimaryThatStillGetsSomethingThroughIsNotAway() {
        let gate = gate()
        for step in 0..<200 {
            world.set(.retrying, acknowledged: Int64(step), lag: 5)
            gate.look()
            clock.advance(by: .seconds(60))
        }
        #expect(!gate.isOpen)
        world.set(.paced, acknowledged: 200, lag: 5)
        for _ in 0..<20 {
            gate.look()
            clock.advance(by: .seconds(60))
        }
        world.set(.held, acknowledged: 200, lag: 0)
        for _ in 0..<20 {
            gate.look()
            clock.advance(by: .seconds(60))
        }
        #expect(!gate.isOpen)
    }

    @Test func whatCannotBeRecordedIsNotUsed() {
        let gate = gate()
        world.set(.held, acknowledged: 0, lag: 1)
        world.failAudit(true)
        gate.look()
        clock.advance(by: .seconds(600))
        gate.look()
        #expect(!gate.isOpen && gate.trouble != nil)
        world.failAudit(false)
        gate.look()
        #expect(gate.isOpen && gate.trouble == nil)
    }

    @Test func theWebsiteGetsFlatValuesAndNumbers() async throws {
        let website = try StandInWebsite()
        let gate = gate()
        world.set(.held, acknowledged: 0, lag: 1)
        gate.look()
        clock.advance(by: .seconds(600))
        gate.look()
        func reading(_ name: String, _ value: Reading.Value) -> Reading { Reading(MetricName(name)!, value) }
        rig.stream.append(
            "board-1",
            readings: [
                reading("bme688_a.temperature", .number(22.5)), reading("bme688_b.temperature", .number(30)),
                reading("bme688_a.voc_equivalent", .number(0.5)), reading("claw.is_closed", .flag(true)),
                reading("sys.uptime", .number(60)), reading("claw.mode", .text("gpio")),
            ])
        website.inject(.status(500))
        website.inject(.huge)
        website.inject(.page)
        let destination = try destination(website, gate)
        try await rig.run(destination) { #expect(rig.drains(destination, 1)) }
        let body = try JSON(parsing: try #require(website.bodies.first))
        #expect(body["deviceId"]?.string == "board-1" && body["deviceType"]?.string == "mycobrain")
        #expect(body["temperature"]?.double == 22.5 && body["voc"]?.double == 500)
        #expect(body["sensors"]?["bme688_b.temperature"]?.double == 30)
        #expect(body["sensors"]?["claw.is_closed"]?.int64 == 1 && body["sensors"]?["claw.mode"]?.string == "gpio")
        #expect(body["status"]?["uptime"]?.double == 60)
        #expect(body["timestamp"]?.string == "2026-01-15T14:30:00.001Z")
        #expect(rig.stream.refused.isEmpty)
    }
}
