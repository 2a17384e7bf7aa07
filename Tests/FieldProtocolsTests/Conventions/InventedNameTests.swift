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
            ("array", { ("site/evil", #"{"\#($0)":[1]}"#) }),
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
            let name = "late_\(way)"
            let (topic, payload) = message(name)
            let heard = rig.hear(topic, payload)
            #expect(heard.reason == .tooManyNames || heard.dropped == .tooManyNames, "\(way)")
            // By the same way: what was refused to one is not remembered as refused.
            let other = rig.hear(topic.replacing("evil", with: "honest"), payload.replacing("evil", with: "honest"))
            #expect(other.reason == nil && other.dropped == nil, "\(way)")
            #expect(rig.hear("mycosoft/devices/honest/telemetry", #"{"\#(name)":1}"#).values.count == 1, "\(way)")
        }
        #expect(rig.hear("site/evil", #"{"evil1":[1]}"#).reason == .tooManyNames, "its elements are names of their own")
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

    /// Objects inside objects cost no name of a metric, but a place in a family's table: when others need one there is one.
    @Test func inventedGroupsAndNamesThatAreNoneUseUpNoTable() {
        let ways: [(String, (String, String) -> (String, String))] = [
            ("zigbee2mqtt", { ("zigbee2mqtt/\($0)", $1) }), ("json", { ("site/\($0)", $1) }),
            ("shelly", { ("\($0)/status/sys", $1) }),
            ("shelly events", { ("\($0)/events/rpc", #"{"method":"NotifyStatus","params":\#($1)}"#) }),
            ("tasmota", { ("tele/\($0)/SENSOR", $1) }), ("telemetry", { ("mycosoft/devices/\($0)/telemetry", $1) }),
        ]
        let long = String(repeating: "x", count: 65)
        for (way, message) in ways {
            var rig = rig()
            func hear(_ device: String, _ payload: String) -> FamilyRig.Heard {
                let (topic, payload) = message(device, payload)
                return rig.hear(topic, payload)
            }
            for round in 0..<60 {
                let members = (0..<160).map { #""g\#(round)x\#($0)":{"\#(long)":1}"# }.joined(separator: ",")
                #expect(hear("evil", "{\(members)}").values.isEmpty)
            }
            #expect(hear("honest", #"{"fresh":{"value":1}}"#).values.count == 1, "\(way)")
        }
    }

    /// One message is bounded too: by its size, and by the readings it may make.
    @Test func oneMessageOfManyNamesIsReadAsFarAsItMayBe() {
        var rig = rig()
        let noNames = (0..<25_000).map { #""\#(String($0, radix: 36))":{}"# }.joined(separator: ",")
        #expect(rig.hear("site/wide", "{\(noNames)}").reason == .valueNotStorable)
        let known = (0..<250).map { #""wide\#($0 % 10)":1"# }.joined(separator: ",")
        let heard = rig.hear("site/wide", "{\(known)}")
        #expect(heard.records.first?.readings.count == 200 && heard.dropped == .tooManyReadings)
        let array = rig.hear(
            "site/wide", #"{"wide1":[\#(repeatElement("1", count: 65).joined(separator: ","))],"wide2":1}"#)
        #expect(array.values.count == 1 && array.dropped == .valueNotStorable)
        let deep = rig.hear("site/wide", #"{"a":{"b":{"c":{"d":1,"e":{"f":2}}}}}"#)
        #expect(deep.values == ["wide a.b.c.d": .number(1)] && deep.dropped == .valueNotStorable)
    }

    /// As with names: the unit after its last is left out, told, and free to others.
    @Test func oneDeviceThatInventsUnitsLeavesRoomForOthers() {
        var rig = rig()
        func pack(_ device: String, _ unit: String) -> FamilyRig.Heard {
            rig.hear("mycobrain/\(device)/telemetry", #"{"pack":[{"id":"value","v":1,"u":"\#(unit)"}]}"#)
        }
        for number in 0..<Unit.countMaxOfDevice {
            #expect(pack("units", "furlong\(number)").records.first?["value"]?.unit.code == "furlong\(number)")
        }
        let ways: [(String, (String) -> [(String, String)])] = [
            ("pack", { [("mycobrain/units/telemetry", #"{"pack":[{"id":"value","v":1,"u":"\#($0)"}]}"#)] }),
            ("senml", { [("site/x", #"[{"bn":"units:","n":"value","u":"\#($0)","v":1}]"#)] }),
            ("tasmota", { [("tele/units/SENSOR", #"{"TempUnit":"\#($0)","X":{"Temperature":1}}"#)] }),
            ("homie", { [("homie/units/a/t/$unit", $0), ("homie/units/a/t", "1")] }),
            (
                "homie 5",
                { unit in
                    let node = #"{"a":{"properties":{"t":{"datatype":"float","unit":"\#(unit)"}}}}"#
                    return [("homie/5/units/$description", #"{"nodes":\#(node)}"#), ("homie/5/units/a/t", "1")]
                }
            ),
            (
                "discovery",
                { unit in
                    let entity = #"{"stat_t":"h/u","unit_of_meas":"\#(unit)","dev":{"ids":"units"}}"#
                    return [("homeassistant/sensor/value/config", entity), ("h/u", "1")]
                }
            ),
        ]
        for (way, messages) in ways {
            for unit in ["cubit \(way)", String(repeating: "y", count: 33)] {
                let heard = messages(unit).map { rig.hear($0, $1) }
                #expect(heard.contains { $0.dropped == .unitNotStorable }, "\(way)")
                #expect(heard.last?.records.first?.readings.map(\.unit) == [.none], "\(way): the value is stored")
                #expect(heard.last?.values.values.first == .number(1), "\(way)")
            }
            let honest = pack("honest-units", "cubit \(way)")
            #expect(honest.records.first?["value"]?.unit.code == "cubit \(way)" && honest.dropped == nil, "\(way)")
        }
        let usual = pack("units", "°C")
        #expect(usual.records.first?["value"]?.unit == .celsius && usual.dropped == nil, "what is known costs nothing")
    }

    static func residentPages() -> Int {
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
