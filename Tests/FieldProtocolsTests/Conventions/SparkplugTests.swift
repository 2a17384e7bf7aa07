import Crypto
import GatewayModel
import GatewayTestKit
import JSONText
import Testing

@testable import FieldProtocols

/// Payloads as an edge node would build them.
struct SparkplugSample {
    var payload = ProtobufWriter()

    init(time: UInt64? = 1_768_487_400_000, seq: UInt64? = nil, _ metrics: [UInt8]...) {
        if let time { payload.varint(1, time) }
        for metric in metrics { payload.bytes(2, metric) }
        if let seq { payload.varint(3, seq) }
    }

    var bytes: [UInt8] { payload.bytes }

    static func metric(
        _ name: String?, alias: UInt64? = nil, type: SparkplugType?, _ value: (inout ProtobufWriter) -> Void
    ) -> [UInt8] {
        var writer = ProtobufWriter()
        if let name { writer.text(1, name) }
        if let alias { writer.varint(2, alias) }
        if let type { writer.varint(4, UInt64(type.rawValue)) }
        value(&writer)
        return writer.bytes
    }

    static func int(_ name: String?, alias: UInt64? = nil, type: SparkplugType? = .int32, _ value: Int32) -> [UInt8] {
        metric(name, alias: alias, type: type) { $0.varint(10, UInt64(UInt32(bitPattern: value))) }
    }

    static func birth(_ session: Int32, seq: UInt64 = 0, _ metrics: [UInt8]...) -> [UInt8] {
        var sample = SparkplugSample(int("bdSeq", type: .int64, session))
        for metric in metrics { sample.payload.bytes(2, metric) }
        sample.payload.varint(3, seq)
        return sample.bytes
    }

    static func death(_ session: Int32) -> [UInt8] { SparkplugSample(int("bdSeq", type: .int64, session)).bytes }
}

@Suite struct SparkplugTests {
    private let birth = "spBv1.0/G/NBIRTH/n1"
    private let data = "spBv1.0/G/NDATA/n1"
    private let death = "spBv1.0/G/NDEATH/n1"

    @Test func theSessionOfTheVectorsIsUnderstood() throws {
        var rig = FamilyRig(.sparkplug)
        let heard = ConventionVectors.sparkplug.map {
            rig.hear(ConventionVectors.topic($0), ConventionVectors.payload($0))
        }
        try #require(heard.count == 5)
        #expect(heard.allSatisfy { $0.verdict == .taken })
        #expect(heard[0].records.isEmpty && heard[0].presence == ["Farm1:edge01": true])
        let device = "Farm1:edge01:env-01"
        #expect(
            heard[1].values == [
                "\(device) Environment.Temperature": .number(21.5), "\(device) Environment.Pressure": .number(1007.9),
                "\(device) Counters.Boot": .number(-5), "\(device) Info.Serial": .text("SN-42"),
            ])
        #expect(
            heard[2].values == [
                "\(device) Environment.Temperature": .number(21.75), "\(device) Environment.CO2": .number(415),
            ])
        #expect(heard[2].records.first?.observation.deviceTime?.milliseconds == 1_777_889_731_123)
        #expect(heard[3].presence == ["Farm1:edge01": false, device: false])
        #expect(heard[4].records.isEmpty && heard[4].dropped == .unknownAlias)
        #expect(heard[4].notes.map(\.kind) == ["sparkplug_undecoded"])
        #expect(heard[4].effects.publications.map(\.topic) == ["spBv1.0/Farm1/NCMD/edge01"])
    }

    @Test func aPayloadWithMoreMetricsThanAreLookedAtIsTold() {
        var rig = FamilyRig(.sparkplug)
        var sample = SparkplugSample()
        for number in 0...SparkplugPayload.metricCountMax {
            sample.payload.bytes(2, SparkplugSample.int("a", Int32(number)))
        }
        let heard = rig.hear(data, sample.bytes)
        #expect(heard.dropped == .tooManyReadings)
        #expect(heard.values == ["G:n1 a": .number(Double(SparkplugPayload.metricCountMax - 1))])
    }

    @Test func aRebirthIsAskedForByTheCommandOfTheStandardAndOnlyOnceAMinute() throws {
        var rig = FamilyRig(.sparkplug)
        let payload = SparkplugSample(seq: 3, SparkplugSample.int(nil, alias: 1, 5)).bytes
        let asked = rig.hear(data, payload).effects.publications
        try #require(asked.count == 1)
        try asked[0].payload.withUnsafeBytes { bytes in
            let command = try SparkplugPayload(bytes)
            #expect(command.timestamp == UInt64(Decoded.now.wall.milliseconds) && command.seq == nil)
            var names: [String] = []
            try command.forEachMetric(
                { (metric) throws(ProtobufError) in
                    names.append(metric.name.map { String(decoding: $0, as: UTF8.self) } ?? "")
                    #expect(metric.type == .boolean)
                    if case .flag(true) = metric.raw.value(metric.type) {} else { Issue.record("not true") }
                }, failed: { $0 })
            #expect(names == ["Node Control/Rebirth"])
        }
        #expect(rig.hear(data, SparkplugSample(seq: 9).bytes).effects.publications.isEmpty)
        rig.pass(seconds: 61)
        #expect(rig.hear(data, SparkplugSample(seq: 20).bytes).effects.publications.count == 1)
    }

    @Test func theCountGoesRoundAtTwoHundredFiftySixAndRepetitionsAreNoGap() {
        var rig = FamilyRig(.sparkplug)
        _ = rig.hear(birth, SparkplugSample.birth(1, SparkplugSample.int("a", alias: 7, 1)))
        var ids: Set<String> = []
        for number in 1...600 {
            let payload = SparkplugSample(
                time: 1_768_487_400_000 + UInt64(number), seq: UInt64(number % 256),
                SparkplugSample.int(nil, alias: 7, Int32(number))
            ).bytes
            let heard = rig.hear(data, payload)
            #expect(heard.effects.publications.isEmpty)
            ids.formUnion(heard.records.map(\.messageID))
            let again = rig.hear(data, payload)
            #expect(again.effects.publications.isEmpty)
            #expect(again.records.map(\.messageID) == heard.records.map(\.messageID))
        }
        #expect(ids.count == 600)
        let late = SparkplugSample(time: 1_768_487_401_000, seq: 93, SparkplugSample.int(nil, alias: 7, 1)).bytes
        #expect(rig.hear(data, late).effects.publications.count == 1, "602 never came")
    }

    @Test func aWillOfAnEarlierSessionKillsNobody() {
        var rig = FamilyRig(.sparkplug)
        _ = rig.hear(birth, SparkplugSample.birth(4, SparkplugSample.int("a", alias: 1, 1)))
        #expect(rig.hear(death, SparkplugSample.death(3)).effects.isEmpty)
        let heard = rig.hear(data, SparkplugSample(seq: 1, SparkplugSample.int(nil, alias: 1, 2)).bytes)
        #expect(heard.values == ["G:n1 a": .number(2)])
        #expect(rig.hear(death, SparkplugSample.death(4)).presence == ["G:n1": false])
        let dead = rig.hear(data, SparkplugSample(seq: 2, SparkplugSample.int(nil, alias: 1, 3)).bytes)
        #expect(dead.records.isEmpty && dead.dropped == .unknownAlias)
    }

    @Test func aNewSessionAtTheBrokerMakesAllAliasesDoubtful() {
        var rig = FamilyRig(.sparkplug)
        _ = rig.hear(birth, SparkplugSample.birth(4, SparkplugSample.int("a", alias: 1, 1)))
        #expect(rig.connect(resumed: true).isEmpty)
        #expect(rig.hear(data, SparkplugSample(seq: 1, SparkplugSample.int(nil, alias: 1, 2)).bytes).records.count == 1)
        #expect(rig.connect(resumed: false).publications.map(\.topic) == ["spBv1.0/G/NCMD/n1"])
        #expect(rig.hear(data, SparkplugSample(seq: 2, SparkplugSample.int(nil, alias: 1, 2)).bytes).records.isEmpty)
        _ = rig.hear(birth, SparkplugSample.birth(5, SparkplugSample.int("b", alias: 1, 1)))
        let heard = rig.hear(data, SparkplugSample(seq: 1, SparkplugSample.int(nil, alias: 1, 2)).bytes)
        #expect(heard.values == ["G:n1 b": .number(2)])
    }

    @Test func aNodesDeathTakesDevicesWithItWhoseBirthWasNeverSeen() {
        let (born, unborn) = ("G:n1:d1", "G:n1:d2")
        func said(_ device: String, _ seq: UInt64) -> (String, [UInt8]) {
            ("spBv1.0/G/DDATA/n1/\(device)", SparkplugSample(seq: seq, SparkplugSample.int("x", 1)).bytes)
        }
        var rig = FamilyRig(.sparkplug)
        _ = rig.hear(birth, SparkplugSample.birth(4))
        _ = rig.hear("spBv1.0/G/DBIRTH/n1/d1", SparkplugSample(seq: 1).bytes)
        #expect(rig.hear(said("d1", 2).0, said("d1", 2).1).presence.isEmpty, "its birth has told")
        #expect(rig.hear(said("d2", 3).0, said("d2", 3).1).presence == [unborn: true])
        #expect(rig.hear(said("d2", 4).0, said("d2", 4).1).presence.isEmpty, "told once")
        #expect(rig.hear(death, SparkplugSample.death(3)).presence.isEmpty)
        #expect(
            rig.hear(death, SparkplugSample.death(4)).presence == ["G:n1": false, born: false, unborn: false])
        // What comes late does not bring it back; the node's next session does.
        #expect(rig.hear(said("d2", 5).0, said("d2", 5).1).presence.isEmpty)
        _ = rig.hear(birth, SparkplugSample.birth(5))
        #expect(rig.hear(said("d2", 1).0, said("d2", 1).1).presence == [unborn: true])
        // A gateway that came later has seen no birth at all.
        var late = FamilyRig(.sparkplug)
        #expect(late.hear(said("d2", 8).0, said("d2", 8).1).presence.isEmpty)
        #expect(late.hear(death, SparkplugSample.death(5)).presence == ["G:n1": false, unborn: false])
    }

    /// Those that it heard of before its own restart it has no memory of; the registry has, and is asked once.
    @Test func theFirstDeathOfANodeIsThatOfDevicesOfEarlierRunsToo() {
        var rig = FamilyRig(.sparkplug)
        let first = rig.hear(death, SparkplugSample.death(3)).effects.words
        #expect(first.map(\.presence.isOfThoseBehind) == [true])
        _ = rig.hear(birth, SparkplugSample.birth(4))
        let second = rig.hear(death, SparkplugSample.death(4)).effects.words
        #expect(second.map(\.presence.isOfThoseBehind) == [false])
    }

    @Test func aNodeWhoseBirthExplainsNothingIsNotAskedWithEachMessage() {
        var rig = FamilyRig(.sparkplug)
        var asked = 0
        for number in 0..<60 {
            _ = rig.hear(birth, SparkplugSample.birth(1))
            let data = SparkplugSample(seq: 1, SparkplugSample.int(nil, alias: UInt64(number), 5)).bytes
            asked += rig.hear(self.data, data).effects.publications.count
            rig.pass(seconds: 1)
        }
        #expect(asked == 6)
    }

    @Test(arguments: [
        (SparkplugType.int8, UInt64(0xFF), Double(-1)), (.int8, 0xFFFF_FFFF, -1), (.int16, 0xFFFE, -2),
        (.int16, 0xFFFF_FFFE, -2), (.int32, 0xFFFF_FFFB, -5), (.uint8, 0xFF, 255), (.uint16, 0xFFFF, 65_535),
        (.uint32, 0xFFFF_FFFF, 4_294_967_295), (.int64, 0xFFFF_FFFF, -1), (.dateTime, 5, 5),
    ])
    func integersHaveTheSignOfTheirType(type: SparkplugType, bits: UInt64, value: Double) {
        var rig = FamilyRig(.sparkplug)
        let metric = SparkplugSample.metric("x", type: type) { $0.varint(10, bits) }
        #expect(rig.hear(birth, SparkplugSample.birth(1, metric)).values == ["G:n1 x": .number(value)])
    }

    @Test func longsFloatsFlagsAndTextsAreRead() {
        var rig = FamilyRig(.sparkplug)
        let payload = SparkplugSample.birth(
            1, SparkplugSample.metric("l", type: .int64) { $0.varint(11, UInt64(bitPattern: -7)) },
            SparkplugSample.metric("u", type: .uint64) { $0.varint(11, .max) },
            SparkplugSample.metric("f", type: .float) { $0.fixed32(12, Float(21.1).bitPattern) },
            SparkplugSample.metric("d", type: .double) { $0.fixed64(13, (-0.25).bitPattern) },
            SparkplugSample.metric("b", type: .boolean) { $0.varint(14, 1) },
            SparkplugSample.metric("s", type: .string) { $0.text(15, "läuft") })
        #expect(
            rig.hear(birth, payload).values == [
                "G:n1 l": .number(-7), "G:n1 u": .number(Double(UInt64.max)), "G:n1 f": .number(21.1),
                "G:n1 d": .number(-0.25), "G:n1 b": .flag(true), "G:n1 s": .text("läuft"),
            ])
    }

    /// The examples of the specification (section 6.4.17), and the last element of each kind.
    @Test(arguments: [
        (SparkplugType.int8Array, "ef7b", #"[-17,123]"#), (.int16Array, "d08a3075", "[-30000,30000]"),
        (.int32Array, "ffffffff1af1cb12", "[-1,315355418]"), (.int64Array, "feffffffffffffff", "[-2]"),
        (.uint8Array, "17fa", "[23,250]"), (.uint16Array, "1e0088cc", "[30,52360]"),
        (.uint32Array, "3400000089f956c4", "[52,3294034313]"), (.uint64Array, "ffffffff00000000", "[4294967295]"),
        (.floatArray, "0000a03fcdcca8c1", "[1.25,-21.1]"), (.doubleArray, "000000000000d0bf", "[-0.25]"),
        (.booleanArray, "0c00000034d0", "[false,false,true,true,false,true,false,false,true,true,false,true]"),
        (.booleanArray, "00000000", "[]"), (.stringArray, "41424300c3a90000", #"["ABC","é",""]"#),
        (.dateTimeArray, "c7d0904924010000", "[1255364677831]"), (.int16Array, "", "[]"),
    ])
    func arraysAreReadElementByElement(type: SparkplugType, hex: String, elements: String) throws {
        let bytes = try #require(Hex.decode(hex))
        let expected = try #require(try JSON(parsing: elements).array)
        let sample = SparkplugSample.birth(1, SparkplugSample.metric("x", type: type) { $0.bytes(16, bytes) })
        var rig = FamilyRig(.sparkplug)
        let values = rig.hear(birth, sample).values
        #expect(values.count == expected.count)
        for (index, element) in expected.enumerated() {
            let value: Reading.Value? =
                element.bool.map { .flag($0) } ?? element.string.map { .text($0) } ?? element.double.map { .number($0) }
            #expect(values["G:n1 x.\(index)"] == value, "\(values)")
        }
        let line = try #require(CaptureDecoderTests.decode(sample, .sparkplug).lines.first)
        #expect(line["metrics"]?["x"]?.array?.map(\.text) == expected.map(\.text) && line["skipped"] == nil)
    }

    @Test(arguments: [
        (SparkplugType.int16Array, "01"), (.doubleArray, "00000000000000"), (.booleanArray, "0c000000"),
        (.booleanArray, "ffffffff00"), (.booleanArray, "0000"), (.stringArray, "4142"), (.bytes, "0102"),
    ])
    func bytesThatAreNoArrayAreNoReading(type: SparkplugType, hex: String) throws {
        let bytes = try #require(Hex.decode(hex))
        var rig = FamilyRig(.sparkplug)
        let heard = rig.hear(
            birth, SparkplugSample.birth(1, SparkplugSample.metric("x", type: type) { $0.bytes(16, bytes) }))
        #expect(heard.dropped == .unsupportedValue && heard.values.isEmpty)
        let long = SparkplugSample.metric("x", type: .int8Array) { $0.bytes(16, [UInt8](repeating: 1, count: 65)) }
        #expect(rig.hear(birth, SparkplugSample.birth(2, long)).dropped == .valueNotStorable)
    }

    /// Against the standard, but done: each device counts its aliases from one.
    @Test func aliasesOfADeviceAndOfItsNodeAreNotMixedUp() {
        var rig = FamilyRig(.sparkplug)
        _ = rig.hear(birth, SparkplugSample.birth(1, SparkplugSample.int("a", alias: 1, 1)))
        let born = SparkplugSample(seq: 1, SparkplugSample.int("b", alias: 1, 2))
        _ = rig.hear("spBv1.0/G/DBIRTH/n1/d1", born.bytes)
        let node = rig.hear(data, SparkplugSample(seq: 2, SparkplugSample.int(nil, alias: 1, 3)).bytes)
        #expect(node.values == ["G:n1 a": .number(3)])
        let behind = rig.hear(
            "spBv1.0/G/DDATA/n1/d1", SparkplugSample(seq: 3, SparkplugSample.int(nil, alias: 1, 4)).bytes)
        #expect(behind.values == ["G:n1:d1 b": .number(4)])
    }

    @Test func theTypeOfDataIsThatOfItsBirth() {
        var rig = FamilyRig(.sparkplug)
        _ = rig.hear(birth, SparkplugSample.birth(1, SparkplugSample.int("a", alias: 1, type: .int16, 1)))
        let heard = rig.hear(data, SparkplugSample(seq: 1, SparkplugSample.int(nil, alias: 1, type: nil, -3)).bytes)
        #expect(heard.values == ["G:n1 a": .number(-3)])
    }

    @Test func whatMakesNoReadingIsSaidAndTheRestIsTaken() {
        var rig = FamilyRig(.sparkplug)
        let good = SparkplugSample.int("a", 1)
        for field in [UInt32(16), 17, 18] {
            let odd = SparkplugSample.metric("x", type: nil) { $0.bytes(field, [1, 2]) }
            let heard = rig.hear(birth, SparkplugSample.birth(1, odd, good))
            #expect(heard.dropped == .unsupportedValue && heard.values == ["G:n1 a": .number(1)])
        }
        let notFinite = SparkplugSample.metric("x", type: .float) { $0.fixed32(12, Float.nan.bitPattern) }
        #expect(rig.hear(birth, SparkplugSample.birth(1, notFinite, good)).dropped == .valueNotFinite)
        let null = SparkplugSample.metric("x", type: .float) { $0.varint(7, 1) }
        let heard = rig.hear(birth, SparkplugSample.birth(1, null, good))
        #expect(heard.dropped == nil && heard.values.count == 1)
    }

    @Test func historyIsOldAndEveryTimeIsARecordOfItsOwn() throws {
        var rig = FamilyRig(.sparkplug)
        func past(_ time: UInt64, _ value: Int32) -> [UInt8] {
            SparkplugSample.metric("a", type: .int32) {
                $0.varint(3, time)
                $0.varint(5, 1)
                $0.varint(10, UInt64(UInt32(bitPattern: value)))
            }
        }
        let heard = rig.hear(
            birth,
            SparkplugSample.birth(
                1, past(1_768_487_300_000, 1), past(1_768_487_310_000, 2), SparkplugSample.int("a", 3)))
        try #require(heard.records.count == 3)
        #expect(heard.records.map { $0["a"]?.quality } == [.old, .old, .ok])
        #expect(
            heard.records.map { $0.observation.deviceTime?.milliseconds }
                == [1_768_487_300_000, 1_768_487_310_000, 1_768_487_400_000])
        #expect(Set(heard.records.map(\.messageID)).count == 3)
    }

    @Test func unitsAndQualitiesComeFromTheProperties() {
        var rig = FamilyRig(.sparkplug)
        func properties(_ quality: UInt64) -> [UInt8] {
            var unit = ProtobufWriter()
            unit.varint(1, 12)
            unit.text(8, "°C")
            var number = ProtobufWriter()
            number.varint(1, 3)
            number.varint(3, quality)
            var set = ProtobufWriter()
            set.text(1, "engUnit")
            set.text(1, "Quality")
            set.bytes(2, unit.bytes)
            set.bytes(2, number.bytes)
            return set.bytes
        }
        let metric = SparkplugSample.metric("t", alias: 2, type: .float) {
            $0.bytes(9, properties(192))
            $0.fixed32(12, Float(20).bitPattern)
        }
        let born = rig.hear(birth, SparkplugSample.birth(1, metric))
        #expect(born.records.first?["t"]?.unit == .celsius && born.records.first?["t"]?.quality == .ok)
        let bad = SparkplugSample.metric(nil, alias: 2, type: .float) {
            $0.bytes(9, properties(0))
            $0.fixed32(12, Float(20).bitPattern)
        }
        let heard = rig.hear(data, SparkplugSample(seq: 1, bad).bytes)
        #expect(heard.records.first?["t"]?.unit == .celsius && heard.records.first?["t"]?.quality == .bad)
    }

    @Test func hostsAreHeardAndTheirRetainedStateIsNoNews() {
        var rig = FamilyRig(.sparkplug)
        let heard = rig.hear("spBv1.0/STATE/scada", #"{"online":false,"timestamp":1768487400000}"#)
        #expect(heard.notes.first?.kind == "sparkplug_host")
        #expect(heard.notes.first?.body == #"{"host":"scada","online":false,"timestamp":1768487400000}"#)
        #expect(rig.hear("STATE/scada", "ONLINE").notes.count == 1)
        #expect(rig.hear("spBv1.0/STATE/scada", #"{"online":true,"timestamp":1}"#, retained: true).notes.isEmpty)
        #expect(rig.hear("spBv1.0/STATE/scada", "maybe").reason == .malformedJSON)
    }

    @Test func hostileTopicsAndPayloadsAreRefusedAndBounded() {
        var rig = FamilyRig(.sparkplug)
        #expect(rig.hear("spBv1.0/G/NBIRTH/n1", [0xFF]).reason == .protobuf)
        for topic in ["NBIRTH/n1", "NDATA/n1", "DBIRTH/n1/d1", "DDATA/n1/d1"] {
            let emptied = rig.hear("spBv1.0/G/" + topic, [])
            #expect(emptied.reason == .protobuf && emptied.presence.isEmpty, "a retained birth that is taken back")
        }
        #expect(rig.hear("spBv1.0/G/NBIRTH/", [8, 1]).reason == .badDeviceID)
        #expect(rig.hear("spBv1.0/G/XDATA/n1", [8, 1]).verdict == .unclaimed)
        #expect(rig.hear("spBv1.0/G/DDATA/n1", [8, 1]).verdict == .unclaimed)
        #expect(rig.hear("spBv1.0/G/NCMD/n1", [8, 1]).verdict == .taken)
        #expect(
            rig.hear("spBv1.0/a b/NBIRTH/n:1", SparkplugSample.birth(1, SparkplugSample.int("x", 1))).values == [
                "a%20b:n%3A1 x": .number(1)
            ])
        var refused = 0
        for number in 0..<SparkplugFamily.nodeCountMax + 10 {
            if rig.hear("spBv1.0/G/NBIRTH/x\(number % 3000)", [8, 1]).reason == .tooManyNames { refused += 1 }
        }
        #expect(refused >= 10)
    }

    @Test func mutatedSessionsNeverTrap() {
        var rig = FamilyRig(.sparkplug)
        let samples = ConventionVectors.sparkplug.map { (ConventionVectors.topic($0), ConventionVectors.payload($0)) }
        rig.fuzz(samples, count: 300, seed: 61)
    }
}
