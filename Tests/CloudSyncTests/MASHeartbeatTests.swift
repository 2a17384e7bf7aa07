import CloudSync
import EventLoop
import GatewayModel
import GatewayTestKit
import JSONText
import Testing

@Suite(.serialized)
struct MASHeartbeatTests {
    private let mas: StandInMAS
    private let stream = MemoryStream()

    init() throws {
        var configuration = StandInMAS.Configuration()
        configuration.limitsRate = true
        configuration.serviceToken = "secret"
        mas = try StandInMAS(configuration)
    }

    private func site(host: String = "192.0.2.7", _ count: Int) -> SiteAnnouncement {
        var site = SiteAnnouncement(gatewayID: "gw-1", host: host, port: 8003, version: "1.0")
        site.devices = (0..<count).compactMap { index in
            DeviceID("board-\(index)").map { DeviceAnnouncement(id: $0, source: .mqtt) }
        }
        return site
    }

    private func destination(_ site: SiteAnnouncement, token: String?) throws -> MASDestination {
        var configuration = MASDestination.Configuration(name: "mas", url: mas.url, gatewayID: "gw-1", epoch: "e")
        configuration.serviceToken = token
        configuration.push.stopLimit = 100
        return try MASDestination(
            configuration, source: stream.source, clock: SystemClock(), seed: 1, announcement: { site })
    }

    private func run(_ destination: MASDestination, _ body: () throws -> Void) async throws {
        let started = stream.listenerCount
        let task = Task { try await destination.run() }
        defer { task.cancel() }
        // `body` blocks a thread of the pool that the destination's start may need.
        while stream.listenerCount == started { await Task.yield() }
        try body()
        task.cancel()
        try await task.value
    }

    @Test func theGatewayAndItsDevicesAreRegisteredAsTheReferenceSays() async throws {
        let destination = try destination(site(2), token: "secret")
        try await run(destination) {
            #expect(mas.wait { $0.heartbeats.count == 3 })
            #expect(Eventually.holds { destination.status.announced == 3 })
        }
        #expect(mas.registeredDevices == ["gateway-gw-1", "board-0", "board-1"])
        let body = try #require(mas.withLedger { $0.lastHeartbeat["board-1"] })
        let heartbeat = try JSON(parsing: body)
        #expect(heartbeat["host"]?.string == "192.0.2.7")
        #expect(heartbeat["port"]?.int64 == 8003)
        #expect(heartbeat["ingestion_source"]?.string == "mqtt")
        #expect(heartbeat["extra"]?["mdp_device_id"]?.string == "board-1")
        #expect(heartbeat["extra"]?["via_gateway_id"]?.string == "gateway-gw-1")
        let gateway = try JSON(parsing: try #require(mas.withLedger { $0.lastHeartbeat["gateway-gw-1"] }))
        #expect(gateway["device_role"]?.string == "gateway")
        #expect(gateway["ingestion_source"]?.string == "gateway")
    }

    @Test func everythingIsAnnouncedAgainOnRequest() async throws {
        let destination = try destination(site(2), token: "secret")
        try await run(destination) {
            #expect(Eventually.holds { destination.status.announced == 3 })
            destination.announce()
            #expect(mas.wait { $0.heartbeats.count == 3 && $0.heartbeats.values.allSatisfy { $0 == 2 } })
        }
    }

    @Test func aLoopbackAddressIsWarnedAbout() async throws {
        let destination = try destination(site(host: "127.0.0.1", 0), token: "secret")
        try await run(destination) {
            #expect(Eventually.holds { destination.status.announced == 1 })
            #expect(destination.status.warnings.count == 1)
        }
    }

    @Test func withoutATokenTheLimitOfTheMasIsNeverReachedByHeartbeats() async throws {
        let destination = try destination(site(200), token: nil)
        try await run(destination) {
            #expect(mas.wait { $0.heartbeats.count == 40 })
        }
        #expect(mas.withLedger { $0.limited } == 0)
        #expect(destination.status.heartbeatPeriod > 90_000)
    }

    @Test func envelopesArePacedFromTheMomentTheMasShowsItsLimit() async throws {
        for index in 0..<200 { stream.append("board-\(index % 20)") }
        let destination = try destination(site(2), token: nil)
        try await run(destination) {
            #expect(Eventually.holds { destination.status.state == .paced })
        }
        #expect(mas.withLedger { $0.requests } <= 80)
        #expect(stream.refused.isEmpty)
    }

    @Test func withATokenNothingIsPaced() async throws {
        for index in 0..<300 { stream.append("board-\(index % 20)") }
        try await run(try destination(site(2), token: "secret")) {
            #expect(mas.wait { $0.deliveries.count == 300 })
        }
        #expect(mas.withLedger { $0.limited } == 0)
    }

    @Test func withoutReadingsHeartbeatsTellHowTheDestinationIs() async throws {
        mas.misbehave(.status(404), on: .heartbeats)
        let destination = try destination(site(1), token: "secret")
        try await run(destination) {
            #expect(Eventually.holds { destination.status.state == .held })
            mas.misbehave(nil, on: .heartbeats)
            destination.flush()
            #expect(Eventually.holds { destination.status.state == .connected && destination.status.reason == nil })
        }
    }
}
