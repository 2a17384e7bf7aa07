import Crypto
import GatewayModel
import JSONText
import Testing

@testable import FieldProtocols

@Suite struct SiteTopicsTests {
    private static func rig(_ change: (inout SiteTopic) -> Void = { _ in }) -> FamilyRig {
        var topic = SiteTopic(filter: "site/#")
        change(&topic)
        return FamilyRig(SiteTopicsFamily(topics: [topic]))
    }

    @Test func senMLPacksBecomeARecordForEachTime() throws {
        var rig = Self.rig()
        let vector = try #require(ConventionVectors.mqtt.first { $0["convention"] == "senml-json" })
        let heard = rig.hear("site/env01", ConventionVectors.payload(vector))
        let device = "urn:dev:mac:0024befffe804ff1"
        #expect(
            heard.values == [
                "\(device) temp": .number(21.4), "\(device) rh": .number(48.2), "\(device) door": .flag(false),
                "\(device) label": .text("row 7"),
            ])
        #expect(
            heard.records.map { $0.observation.deviceTime?.milliseconds } == [
                1_777_889_730_000, 1_777_889_725_000, 1_777_889_730_000,
            ])
        #expect(heard.records.map { $0.readings.count } == [1, 1, 2])
        #expect(heard.records[1]["rh"]?.unit == .percent)
        let again = rig.hear("site/env01", ConventionVectors.payload(vector)).records.map(\.messageID)
        #expect(again == heard.records.map(\.messageID) && Set(again).count == 3)
    }

    @Test func senMLWithoutABaseNameIsOfTheTopicsDeviceAndRelativeTimesAreOfNow() throws {
        var rig = Self.rig()
        let heard = rig.hear(
            "site/env02", #"[{"n":"t","v":1,"bv":20},{"n":"x","v":2,"t":-60},{"n":"y_","v":1,"z_":3}]"#)
        #expect(heard.values == ["env02 t": .number(21), "env02 x": .number(22)])
        #expect(
            heard.records.map { $0.observation.deviceTime?.milliseconds } == [
                nil, Decoded.now.wall.milliseconds - 60_000,
            ])
        #expect(rig.hear("site/env02", #"[{"n":"urn:x:temp","v":1}]"#).values == ["urn:x temp": .number(1)])
    }

    @Test func aSumInSenMLIsKeptBesideItsValueInSecondsOfTheUnit() throws {
        var rig = Self.rig()
        let heard = rig.hear(
            "site/env03", #"[{"bn":"m1:","n":"power","u":"W","v":100,"s":5000,"bs":7},{"n":"flow","u":"m3/s","s":12}]"#)
        #expect(
            heard.values == [
                "m1 power": .number(100), "m1 power.sum": .number(5_007), "m1 flow": .number(19),
            ])
        let units = heard.records.flatMap(\.readings).map(\.unit.code)
        #expect(units == ["W", "W.s", "m3/s.s"] && heard.dropped == nil)
    }

    @Test func senMLInCBORSaysTheSame() throws {
        var rig = Self.rig()
        // [{-2: "dev1:", -3: 1777889730.0, 0: "t", 2: 21.5 (half)}, {0: "d", 4: true}, {0: "s", 5: -3}, {0: "f", 2: [4](-1, 214)}]
        let pack = "84a4216564657631" + "3a22fb41da7e1f8080000000" + "6174" + "02f94d60"
        let bytes = try #require(
            Hex.decode(
                pack.replacing("2122", with: "21") + "a2006164" + "04f5" + "a200617305" + "22" + "a2006166" + "02c48220"
                    + "18d6"))
        let heard = rig.hear("site/env01", bytes)
        #expect(
            heard.values == [
                "dev1 t": .number(21.5), "dev1 d": .flag(true), "dev1 s": .number(-3), "dev1 f": .number(21.4),
            ], "\(heard)")
    }

    @Test func aPackThatIsBrokenAtItsEndLeavesNothing() throws {
        var rig = Self.rig()
        let (one, two) = (
            try #require(Hex.decode("81a200617402f94d60")), try #require(Hex.decode("82a200617402f94d60"))
        )
        #expect(rig.hear("site/cut", one).values == ["cut t": .number(21.5)])
        for pack in [one + [0], Array(one.dropLast()), two, two + [0xA1, 0x00, 0x61]] {
            let heard = rig.hear("site/cut", pack)
            #expect(heard.reason == .senML && heard.records.isEmpty && heard.dropped == nil)
        }
    }

    @Test(arguments: [
        (#"[{"bn":"a b","n":"x","v":1}]"#, SenMLError.Reason.badName), (#"[{"v":1}]"#, .badName),
        (#"[{"n":"x","v":"1"}]"#, .badField), (#"[{"n":"x","v":1,"vs":"a"}]"#, .severalValues),
        (#"[{"bver":11,"n":"x","v":1}]"#, .unsupportedVersion), (#"{"n":"x"}"#, .notAPack), ("[1]", .notAPack),
        ("[", .malformedJSON),
    ])
    func badPacksHaveTheirError(pack: String, reason: SenMLError.Reason) {
        let (lines, isGood) = CaptureDecoderTests.decode(Array(pack.utf8), .senml)
        #expect(!isGood && lines.last?["error"]?.string == reason.rawValue)
    }

    @Test func lineProtocolNamesDevicesByTagsAndKeepsEveryLine() throws {
        var rig = Self.rig()
        let heard = rig.hear(
            "site/x",
            "# note\nenv,dev=env\\ 01,room=lab temperature=21.4,co2=415i 1777889730123456789\n\ncpu load=0.5\nbad\n")
        #expect(
            heard.values == [
                "env%2001 env.temperature": .number(21.4), "env%2001 env.co2": .number(415),
                "env%2001 env.room": .text("lab"), "x cpu.load": .number(0.5),
            ])
        #expect(heard.records.map { $0.observation.deviceTime?.milliseconds } == [1_777_889_730_123, nil])
        #expect(heard.dropped == .lineProtocol)
        var seconds = Self.rig { $0.precision = .seconds }
        #expect(
            seconds.hear("site/x", "m v=1 1777889730").records.first?.observation.deviceTime?.milliseconds
                == 1_777_889_730_000)
        #expect(seconds.hear("site/x", "m v=1 9223372036854775807").records.first?.observation.deviceTime == nil)
    }

    @Test func integersOfLineProtocolReachToTheirBounds() {
        var rig = Self.rig()
        let bounds: [(text: String, number: Double)] = [
            ("9223372036854775807i", 0x1p63), ("-9223372036854775808i", -0x1p63), ("-0i", 0),
            ("18446744073709551615u", 0x1p64), ("00000000000000000007u", 7), ("9999999999999999999u", 1e19),
        ]
        for (text, number) in bounds {
            #expect(rig.hear("site/x", "m v=\(text)").values == ["x m.v": .number(number)], "\(text)")
        }
    }

    @Test func idsMadeOfTopicAndContentAreTheSameInEveryVersion() {
        var rig = Self.rig()
        let lines = "env,dev=i1 t=21.5 1777889730123456789\nenv,dev=i2 t=2 1777889730123456789"
        // Known to the journal: were they others, a message that is sent again after an update would be stored twice.
        let id = "inf-f79f2cbe3f9bc0c5-693795b85b5e32aa"
        #expect(rig.hear("site/line", lines).records.map(\.messageID) == [id, id + "-1"])
    }

    @Test(arguments: [
        ("m", InfluxLineError.Reason.missingFields), ("m ", .missingFields), (",a=b v=1", .missingMeasurement),
        ("m,a v=1", .badTag), ("m,a= v=1", .badTag), ("m v", .badField), ("m v=", .badField), ("m v=1x", .badNumber),
        ("m v=9223372036854775808i", .badNumber), ("m v=-1u", .badNumber), ("m v=\"a", .unterminatedString),
        ("m v=1 x", .badTimestamp), ("m v=1 1 2", .badTimestamp), ("m v=nan", .badNumber), ("m v=1,", .badField),
        ("m v=0x10", .badNumber), ("m v=-9223372036854775809i", .badNumber), ("m v=18446744073709551616u", .badNumber),
        ("m v=99999999999999999999u", .badNumber), ("m v=1844674407370955161:u", .badNumber), ("m v=-i", .badNumber),
        ("m v=000000000000000000001u", .badNumber),
    ])
    func badLinesHaveTheirError(line: String, reason: InfluxLineError.Reason) {
        let (lines, isGood) = CaptureDecoderTests.decode(Array((line + "\nok v=t").utf8), .influx)
        if reason == .unterminatedString {
            #expect(!isGood && lines.first?["error"]?.string == reason.rawValue)
        } else {
            #expect(!isGood && lines.count == 2 && lines.last?["fields"]?["v"] == true)
            #expect(lines.first?["error"]?.string == reason.rawValue, "\(line)")
        }
    }

    @Test func plainJSONIsFlattenedWithTheUnitsOfTheConfiguration() throws {
        var rig = Self.rig { $0.units = ["air.t": "°C"] }
        let heard = rig.hear(
            "site/env01",
            #"{"ts":1768487399,"air":{"t":21.5,"deep":{"er":{"still":{"x":1}}}},"ok":true,"name":"n","v":[1,2],"n":null}"#
        )
        #expect(
            heard.values == [
                "env01 air.t": .number(21.5), "env01 ok": .flag(true), "env01 v.0": .number(1), "env01 v.1": .number(2),
            ])
        #expect(heard.dropped == .valueNotStorable)
        #expect(heard.records.first?["air.t"]?.unit == .celsius)
        #expect(heard.records.first?.observation.deviceTime?.milliseconds == 1_768_487_399_000)
        #expect(heard.records.first?.messageID.isEmpty == false)
        let many = "{" + (0..<250).map { #""k\#($0)":\#($0)"# }.joined(separator: ",") + "}"
        let bounded = rig.hear("site/env01", many)
        #expect(bounded.records.first?.readings.count == 200 && bounded.dropped == .tooManyReadings)
    }

    @Test func plainValuesAreNamedByTheirTopic() {
        var rig = Self.rig()
        #expect(rig.hear("site/env01/temperature", "21.4").values == ["env01 temperature": .number(21.4)])
        #expect(rig.hear("site/env01/valve", "ON", retained: true).records.first?.readings.first?.quality == .old)
        var level = Self.rig { $0.deviceLevel = 2 }
        #expect(level.hear("site/env01/air/temperature", " 7 ").values == ["env01 air.temperature": .number(7)])
        #expect(level.hear("site/env01", "7").values == ["env01 value": .number(7)])
        #expect(rig.hear("site/env01/t", "NaN").reason == .valueNotFinite)
        #expect(rig.hear("site/env01/t", " null\n").reason == .noReadings)
        #expect(rig.hear("site/env01/t", "").verdict == .taken)
        #expect(rig.hear("elsewhere/env01/t", "1").verdict == .unclaimed)
    }

    @Test func mutatedPayloadsNeverTrap() {
        var rig = Self.rig()
        rig.fuzz(
            [
                ("site/a", Array(#"[{"bn":"urn:x:","bt":1777889730,"n":"t","v":21.4},{"n":"d","vb":false}]"#.utf8)),
                ("site/b", Array("env,dev=a\\ b t=21.4,c=4i,o=t,n=\"x\\\"y\" 1777889730123456789\nm v=1u\n".utf8)),
                ("site/c", Array(#"{"ts":1,"a":{"b":[1,2,{"c":3}]},"d":true}"#.utf8)),
                ("site/d/e", Array("-12.5e3".utf8)),
                (
                    "site/f",
                    Hex.decode("82a4216564657631" + "3a22fb41da7e1f80800000006174" + "02f94d60a2006164" + "04f5") ?? []
                ),
            ], count: 300, seed: 65)
    }
}

@Suite struct SmallFamilyTests {
    @Test func zigbeeDevicesAreReadWithUnitsAndAvailability() throws {
        var rig = FamilyRig(.zigbee2mqtt)
        let heard = rig.hear(
            "zigbee2mqtt/living/sensor",
            #"{"temperature":21.5,"battery":97,"state":"ON","linkquality":80,"last_seen":"x"}"#)
        let record = try #require(heard.records.first)
        #expect(record.device == "living%2Fsensor")
        #expect(record["temperature"]?.unit == .celsius && record["state"]?.value == .flag(true))
        #expect(record.readings.count == 4)
        #expect(
            rig.hear("zigbee2mqtt/living/sensor/availability", #"{"state":"offline"}"#).presence == [
                "living%2Fsensor": false
            ])
        #expect(rig.hear("zigbee2mqtt/bridge/state", "{}").verdict == .taken)
        #expect(rig.hear("zigbee2mqtt/x/set", "{").verdict == .taken)
        #expect(rig.hear("zigbee2mqtt/x", "nonsense").reason == .malformedJSON)
    }

    @Test func shellyNotificationsAndStatusSayTheSame() throws {
        var rig = FamilyRig(.shelly)
        let rpc = rig.hear(
            "plug/events/rpc",
            #"{"src":"plug","method":"NotifyStatus","params":{"ts":1768487399.5,"switch:0":{"id":0,"apower":12.5,"output":true,"temperature":{"tC":40.1}}}}"#
        )
        let record = try #require(rpc.records.first)
        #expect(
            rpc.values == [
                "plug switch_0.apower": .number(12.5), "plug switch_0.output": .flag(true),
                "plug switch_0.temperature.tC": .number(40.1),
            ])
        #expect(record.observation.deviceTime?.milliseconds == 1_768_487_399_500)
        #expect(record["switch_0.apower"]?.unit.code == "W")
        let status = rig.hear(
            "plug/status/switch:0", #"{"id":0,"apower":12.5,"output":true,"temperature":{"tC":40.1}}"#)
        #expect(status.values == rpc.values)
        #expect(rig.hear("plug/online", "false").presence == ["plug": false])
        #expect(rig.hear("plug/events/rpc", #"{"method":"NotifyEvent","params":{"events":[]}}"#).notes.count == 1)
        #expect(rig.hear("other/status/x", "{}").verdict == .unclaimed)
        #expect(rig.hear("plug/events/rpc", "[]").reason == .malformedJSON)
    }

    @Test func espHomeValuesStandAloneAndItsWillCountsForKnownNodesOnly() {
        var rig = FamilyRig(.esphome)
        #expect(rig.hear("node/status", "online", retained: true).effects.words.isEmpty)
        let heard = rig.hear("node/sensor/air_temperature/state", "21.4")
        #expect(heard.values == ["node air_temperature": .number(21.4)] && heard.presence == ["node": true])
        #expect(rig.hear("node/binary_sensor/door/state", "OFF").values == ["node door": .flag(false)])
        #expect(rig.hear("node/status", "offline").presence == ["node": false])
        #expect(rig.hear("node/sensor/x/state", "nan").reason == .valueNotFinite)
        #expect(rig.hear("node/camera/x/state", "1").verdict == .unclaimed)
    }

    @Test func mutatedMessagesNeverTrap() {
        var rig = FamilyRig(.zigbee2mqtt, .shelly, .esphome)
        rig.fuzz(
            [
                ("zigbee2mqtt/a", Array(#"{"temperature":21.5,"update":{"x":1}}"#.utf8)),
                (
                    "plug/events/rpc",
                    Array(#"{"method":"NotifyStatus","params":{"ts":1768487399.5,"switch:0":{"apower":1}}}"#.utf8)
                ),
                ("plug/status/sys", Array(#"{"uptime":5}"#.utf8)), ("node/sensor/x/state", Array("21.4".utf8)),
            ], count: 300, seed: 66)
    }

    @Test func filtersMatchAsTheStandardSays() {
        #expect(TopicFilter("a/+/c").matches("a/b/c") && !TopicFilter("a/+/c").matches("a/b/d/c"))
        #expect(
            TopicFilter("a/#").matches("a/b/c") && TopicFilter("a/#").matches("a") && TopicFilter("#").matches("x/y"))
        #expect(!TopicFilter("#").matches("$SYS/x") && !TopicFilter("+/x").matches("$SYS/x"))
        #expect(!TopicFilter("a/+").matches("a") && TopicFilter("a/+").matches("a/"))
        #expect(TopicFilter.isValid("a/+/#") && !TopicFilter.isValid("a/#/b") && !TopicFilter.isValid("a+/b"))
    }
}
