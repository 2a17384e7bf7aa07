import CloudSync
import GatewayModel
import GatewayTestKit
import JSONText
import Synchronization
import Testing

@Suite(.serialized)
struct MASHeartbeatTests {
    private let rig: MASRig
    private var mas: StandInMAS { rig.mas }

    init() throws {
        var configuration = StandInMAS.Configuration()
        configuration.limitsRate = true
        configuration.serviceToken = "token"
        rig = try MASRig(configuration)
    }

    private func site(host: String = "192.0.2.7", _ count: Int) -> SiteAnnouncement {
        var site = SiteAnnouncement(gatewayID: "gw-1", host: host, port: 8003, version: "1.0")
        site.devices = (0..<count).compactMap { index in
            DeviceID("board-\(index)").map { DeviceAnnouncement(id: $0, source: .mqtt) }
        }
        return site
    }

    private func destination(_ site: SiteAnnouncement, token: String? = "token") throws -> MASDestination {
        try rig.destination(token: token) {
            $0.push.stopLimit = 100
        } site: {
            site
        }
    }

    @Test func theGatewayAndItsDevicesAreRegisteredAsTheReferenceSays() async throws {
        let destination = try destination(site(2))
        try await rig.run(destination) {
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

    @Test func aRestartOfTheMasIsNoticedAndEverythingIsAnnouncedAgain() async throws {
        // It stands still but for what the test lets pass, so that no heartbeat is due by age.
        let clock = VirtualClock()
        let known = Mutex(site(3))
        let destination = try rig.destination(clock: clock) {
            $0.push.stopLimit = 0
        } site: {
            known.withLock { $0 }
        }
        func tellOfAChange(_ firmware: String) {
            known.withLock { $0.devices[1].firmwareVersion = firmware }
            clock.advance(by: .milliseconds(2_001))
            destination.flush()
        }
        try await rig.run(destination) {
            #expect(mas.wait { $0.heartbeats.count == 4 })
            #expect(Eventually.holds { destination.status.announced == 4 })
            tellOfAChange("2.0")
            #expect(mas.wait { $0.heartbeats["board-1"] == 2 })
            mas.restart()
            #expect(mas.registeredDevices.isEmpty)
            tellOfAChange("3.0")
            #expect(Eventually.holds { mas.registeredDevices.count == 4 })
        }
        // Only the device that had changed was told of while the MAS remembered, and all when it did not.
        #expect(
            mas.withLedger { $0.heartbeats } == ["gateway-gw-1": 2, "board-0": 2, "board-1": 3, "board-2": 2])
    }

    @Test func everythingIsAnnouncedAgainOnRequest() async throws {
        let destination = try destination(site(2))
        try await rig.run(destination) {
            #expect(Eventually.holds { destination.status.announced == 3 })
            destination.announce()
            #expect(mas.wait { $0.heartbeats.count == 3 && $0.heartbeats.values.allSatisfy { $0 == 2 } })
        }
    }

    @Test func aLoopbackAddressIsWarnedAbout() async throws {
        let destination = try destination(site(host: "127.0.0.1", 0))
        try await rig.run(destination) {
            #expect(Eventually.holds { destination.status.announced == 1 })
            #expect(destination.status.warnings.count == 1)
        }
    }

    @Test func withoutATokenTheLimitOfTheMasIsNeverReachedByHeartbeats() async throws {
        let destination = try destination(site(200), token: nil)
        try await rig.run(destination) {
            #expect(mas.wait { $0.heartbeats.count == 40 })
        }
        #expect(mas.withLedger { $0.limited } == 0)
        #expect(destination.status.heartbeatPeriod > 90_000)
    }

    @Test func envelopesArePacedFromTheMomentTheMasShowsItsLimit() async throws {
        for index in 0..<200 { rig.stream.append("board-\(index % 20)") }
        let destination = try destination(site(2), token: nil)
        try await rig.run(destination) {
            #expect(Eventually.holds { destination.status.state == .paced })
        }
        #expect(mas.withLedger { $0.requests } <= 80)
        #expect(rig.stream.refused.isEmpty)
    }

    @Test func withATokenNothingIsPaced() async throws {
        for index in 0..<300 { rig.stream.append("board-\(index % 20)") }
        try await rig.run(try destination(site(2))) {
            #expect(mas.wait { $0.deliveries.count == 300 })
        }
        #expect(mas.withLedger { $0.limited } == 0)
    }

    @Test func withoutReadingsHeartbeatsTellHowTheDestinationIs() async throws {
        mas.misbehave(.status(404), on: .heartbeats)
        let destination = try destination(site(1))
        try await rig.run(destination) {
            #expect(Eventually.holds { destination.status.state == .held })
            mas.misbehave(nil, on: .heartbeats)
            destination.flush()
            #expect(Eventually.holds { destination.status.state == .connected && destination.status.reason == nil })
        }
    }
}
