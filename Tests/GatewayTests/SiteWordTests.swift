import Drivers
import EventLoop
import FieldProtocols
import Fleet
import GatewayModel
import GatewayTestKit
import Testing

@testable import Gateway

/// What the site's devices say of themselves, and others of them.
@Suite struct SiteWordTests {
    @Test func aNodesDeathTakesDevicesThatWereNotHeardSinceTheGatewayStarted() throws {
        let folder = try TemporaryFolder()
        let configuration = try GatewayConfiguration.smallest(in: folder)
        let clock = SystemClock(isVouched: true)
        let ids = try ["G:words", "G:words:d1", "G:words:d2", "G:words2:d1"].map { try #require(DeviceID($0)) }
        do {
            let store = try Store(configuration, dataDirectory: folder.path, clock: clock)
            for id in ids { store.devices.note(Sighting(device: id, source: .mqtt, at: clock.now())) }
            try store.devices.persist()
        }
        let store = try Store(configuration, dataDirectory: folder.path, clock: clock)
        let now = clock.now()
        func online() -> Set<DeviceID> { Set(store.devices.devices().filter { $0.isOnline(at: now) }.map(\.id)) }
        #expect(online() == Set(ids), "two minutes of silence are not over")
        var presence = DevicePresence()
        presence.isOnline = false
        presence.isOld = true
        presence.isOfThoseBehind = true
        SiteWords(store: store).take(.presence(try #require(DeviceName(ids[0])), presence, now))
        #expect(online() == [ids[3]])
        #expect(store.devices.device(ids[1])?.presence == .offline)
    }
}
