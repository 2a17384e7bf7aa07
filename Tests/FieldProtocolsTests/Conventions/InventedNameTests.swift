import FieldProtocols
import GatewayModel
import GatewayTestKit
import Testing

/// A publisher that invents names uses up its own room and nobody else's.
@Suite struct InventedNameTests {
    private func rig() -> FamilyRig {
        var site = SiteTopic(filter: "site/#")
        site.deviceLevel = 2
        return FamilyRig(all: TopicFamilyName.allCases.map { $0.make() } + [SiteTopicsFamily(topics: [site])])
    }

    /// One hostile device, by every way in: the name that comes after its last is refused by each, and free to others.
    @Test func oneDeviceThatInventsNamesLeavesRoomForOthers() {
        var rig = rig()
        for number in 0..<MetricName.countMaxOfDevice {
            _ = rig.hear("zigbee2mqtt/evil", #"{"evil\#(number)":1}"#)
        }
        let ways: [(String, (String) -> (String, String))] = [
            ("zigbee2mqtt", { ("zigbee2mqtt/evil", #"{"\#($0)":1}"#) }),
            ("json", { ("site/evil", #"{"\#($0)":1}"#) }),
            ("elements of an array", { ("site/evil", #"{"evil1":[1],"\#($0)":[1]}"#) }),
            ("influx", { ("site/x", "\($0),dev=evil v=1") }),
            ("senml", { ("site/x", #"[{"bn":"evil:","n":"\#($0)","v":1}]"#) }),
            ("plain", { ("site/evil/\($0)", "1") }),
            ("esphome", { ("evil/sensor/\($0)/state", "1") }),
            ("shelly", { ("evil/status/\($0):0", #"{"v":1}"#) }),
            ("tasmota", { ("tele/evil/SENSOR", #"{"Time":"2026-05-04T10:15:30","\#($0)":{"X":1}}"#) }),
            ("homie", { ("homie/5/evil/\($0)/t", "1") }),
            ("discovery", { ("homeassistant/sensor/\($0)/config", #"{"stat_t":"h/\#($0)","dev":{"ids":"evil"}}"#) }),
            ("telemetry", { ("mycosoft/devices/evil/telemetry", #"{"\#($0)":1}"#) }),
            ("pack", { ("mycobrain/evil/telemetry", #"{"pack":[{"id":"\#($0)","v":1}]}"#) }),
        ]
        for (way, message) in ways {
            let name = "evil_\(way.filter { $0 != " " })"
            let (topic, payload) = message(name)
            let heard = rig.hear(topic, payload)
            #expect(heard.reason == .tooManyNames || heard.dropped == .tooManyNames, "\(way)")
            #expect(rig.hear("mycosoft/devices/honest/telemetry", #"{"\#(name)":1}"#).values.count == 1, "\(way)")
            #expect(rig.hear("site/honest", #"{"\#(name)":1}"#).dropped == nil, "\(way)")
        }
    }

    /// A million of them: what is remembered stays within its bounds, and the others are stored as ever.
    @Test func aMillionInventedNamesNeitherGrowTheProcessNorBlockAnybody() {
        var rig = rig()
        var before = 0
        for message in 0..<5_000 {
            if message == 500 { before = Self.residentPages() }
            let members = (0..<200).map { #""m\#(message)x\#($0)":1"# }.joined(separator: ",")
            let heard = rig.hear("site/evil", "{\(members)}")
            #expect(message < 5 || heard.reason == .tooManyNames)
            guard message % 50 == 0 else { continue }
            #expect(rig.hear("mycosoft/devices/other/telemetry", #"{"temperature":21.5}"#).values.count == 1)
            #expect(rig.hear("zigbee2mqtt/other-\(message % 7)", #"{"humidity":48}"#).values.count == 1)
        }
        #expect(Self.residentPages() - before < 4_096, "16 MiB, for what others do in this process meanwhile")
    }

    private static func residentPages() -> Int {
        let fields =
            (try? File.bytes("/proc/self/statm"))?.split(separator: UInt8(ascii: " ")).map {
                String(decoding: $0, as: UTF8.self)
            } ?? []
        return fields.count > 1 ? Int(fields[1]) ?? 0 : 0
    }

    /// Not what a device sends makes it pay, but what nobody has sent before.
    @Test func namesThatAreKnownCostNothing() {
        var rig = rig()
        let names = (0..<200).map { #""shared\#($0)":1"# }.joined(separator: ",")
        for number in 0..<20 { #expect(rig.hear("site/shared-\(number)", "{\(names)}").dropped == nil) }
    }
}
