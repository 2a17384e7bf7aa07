import Drivers
import EventLoop
import Fleet
import GatewayModel
import GatewayTestKit
import Testing

/// What the list of devices is told of the slaves of a bus.
@Suite struct SlaveListTests {
    private let site = ModbusSite()

    private func standings(of device: String) -> [Sighting] {
        site.state.withLock { $0.sightings[device] ?? [] }.filter { $0.presence != nil }
    }

    private func bus(at port: Int) throws -> ModbusBus {
        try ModbusBus(
            ModbusBus.Configuration(
                endpoint: .tcp(host: "127.0.0.1", port: port),
                devices: [try ModbusSite.device("mute", 7, "generic-xy-md02")], timeout: .milliseconds(50)),
            outlets: site.outlets, clock: SystemClock(), seed: 1)
    }

    @Test func aSlaveThatHasNeverAnsweredIsListedWithItsReason() async throws {
        let slaves = try ModbusStandIn(units: [7])
        slaves.kill([7])
        try await site.run(try bus(at: slaves.port)) { _ in
            if standings(of: "mute").contains(where: { $0.attributes["offline_reason"]?.contains("in time") == true }) {
                slaves.kill([])
            }
            return standings(of: "mute").last?.presence == .online
        }
        let told = standings(of: "mute")
        #expect(told.map(\.presence) == [.offline, .offline, .online])
        try #require(told.count == 3)
        #expect(told.map(\.isHearsay) == [true, true, false], "nobody has heard it before it answers")
        #expect(told[0].attributes["unit"] == "7" && told[0].attributes["offline_reason"] == "not asked yet")
        #expect(told[1].attributes["offline_reason"] == "the slave did not answer in time")
        #expect(told[2].withdrawn == ["offline_reason"])
    }

    @Test func slavesOfABusThatCannotBeOpenedAreAwayAndTheirCommandsRefused() async throws {
        let bus = try bus(at: try LoopbackPort.free())
        site.order([("a", "write", #"{"point":"device_address","value":2}"#)], of: try #require(DeviceID("mute")))
        try await site.run(bus) { !$0.outcomes.isEmpty }
        let outcome = try #require(site.outcomes.first)
        #expect(outcome.hasPrefix("a refused the bus is not open: no connection"))
        let last = try #require(standings(of: "mute").last)
        #expect(last.presence == .offline && last.attributes["offline_reason"]?.contains("no connection") == true)
    }
}
