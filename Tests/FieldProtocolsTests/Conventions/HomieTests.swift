import FieldProtocols
import GatewayModel
import JSONText
import Testing

@Suite struct HomieTests {
    private let description =
        #"{"homie":"5.0","version":7,"name":"Env","nodes":{"air":{"properties":{"temperature":{"datatype":"float","#
        + #""unit":"°C"},"label":{"datatype":"string"},"on":{"datatype":"boolean"}}}}}"#

    @Test func theVectorsAreUnderstood() throws {
        var rig = FamilyRig(.homie)
        let vectors = ConventionVectors.mqtt.filter { $0["convention"]?.string?.hasPrefix("homie") == true }
        let heard = vectors.map {
            rig.hear(ConventionVectors.topic($0), ConventionVectors.payload($0), retained: true)
        }
        try #require(heard.count == 4)
        #expect(heard[0].presence == ["env-01": true])
        #expect(heard[1].effects.words.first?.presence.displayName == "Env")
        let reading = try #require(heard[2].records.first?["air.temperature"])
        #expect(reading.value == .number(21.4) && reading.unit == .celsius && reading.quality == .old)
        #expect(heard[3].verdict == .taken)
    }

    @Test func aRetainedValueWaitsForItsDescription() throws {
        var rig = FamilyRig(.homie)
        #expect(rig.hear("homie/5/d1/air/temperature", "21.4", retained: true).records.isEmpty)
        #expect(rig.hear("homie/5/d1/air/label", "21.4", retained: true).records.isEmpty)
        let heard = rig.hear("homie/5/d1/$description", description, retained: true)
        #expect(heard.values == ["d1 air.temperature": .number(21.4), "d1 air.label": .text("21.4")])
        #expect(heard.records.allSatisfy { $0.readings.allSatisfy { $0.quality == .old } })
        #expect(heard.records.first?["air.temperature"]?.unit == .celsius)
        let live = rig.hear("homie/5/d1/air/on", "true")
        #expect(live.values == ["d1 air.on": .flag(true)] && live.records.first?.readings.first?.quality == .ok)
    }

    @Test func retainedValuesThatComeAgainHaveTheSameId() {
        var rig = FamilyRig(.homie)
        _ = rig.hear("homie/5/d1/$description", description, retained: true)
        let first = rig.hear("homie/5/d1/air/temperature", "21.4", retained: true).records.map(\.messageID)
        #expect(rig.hear("homie/5/d1/air/temperature", "21.4", retained: true).records.map(\.messageID) == first)
        #expect(first.first?.isEmpty == false)
        #expect(rig.hear("homie/5/d1/air/temperature", "21.4").records.map(\.messageID) == [""])
    }

    @Test func versionFourSpreadsItsDescription() {
        var rig = FamilyRig(.homie)
        #expect(rig.hear("homie/d2/air/temperature", "70.1", retained: true).records.isEmpty)
        #expect(rig.hear("homie/d2/air/temperature/$unit", "°F", retained: true).records.isEmpty)
        let heard = rig.hear("homie/d2/air/temperature/$datatype", "float", retained: true)
        #expect(heard.values == ["d2 air.temperature": .number(70.1)])
        #expect(heard.records.first?.readings.first?.unit.code == "[degF]")
        #expect(rig.hear("homie/d2/air/temperature/set", "3").verdict == .taken)
        #expect(rig.hear("homie/d2/$state", "lost").presence == ["d2": false])
        #expect(rig.hear("homie/d2/$state", "sleeping").presence.isEmpty)
    }

    @Test func aRetainedValueOfVersionFourWaitsForItsUnitToo() {
        var rig = FamilyRig(.homie)
        // The order in which mosquitto sends what it has kept: the value, then what is below it.
        var heard: [FamilyRig.Heard] = []
        for (topic, text) in [
            ("t", "68.0"), ("t/$datatype", "float"), ("t/$unit", "°F"), ("h", "55"), ("h/$datatype", "integer"),
            ("on", "true"), ("on/$datatype", "boolean"), ("n", "3"), ("n/$datatype", "integer"),
        ] { heard.append(rig.hear("homie/old/env/\(topic)", text, retained: true)) }
        heard.append(rig.hear("homie/old/$state", "ready", retained: true))
        let readings = heard.flatMap { $0.records.flatMap(\.readings) }
        #expect(readings.map(\.metric.text) == ["env.t", "env.h", "env.on", "env.n"])
        #expect(readings.map(\.unit.code) == ["[degF]", "", "", ""])
    }

    @Test func aLostRootMeansLostChildren() {
        var rig = FamilyRig(.homie)
        _ = rig.hear("homie/5/child/$description", #"{"homie":"5.0","root":"parent","nodes":{}}"#)
        _ = rig.hear("homie/5/child/$state", "ready")
        #expect(rig.hear("homie/5/parent/$state", "lost").presence == ["parent": false, "child": false])
    }

    @Test func childrenAreBackWithTheirRootAndAreNotThereWithoutIt() {
        var rig = FamilyRig(.homie)
        let child = #"{"root":"bridge","nodes":{}}"#
        _ = rig.hear("homie/5/lamp/$description", child, retained: true)
        #expect(rig.hear("homie/5/lamp/$state", "ready", retained: true).presence == ["lamp": true])
        #expect(rig.hear("homie/5/bridge/$state", "ready").presence == ["bridge": true, "lamp": true])
        #expect(rig.hear("homie/5/bridge/$state", "lost").presence == ["bridge": false, "lamp": false])
        #expect(rig.hear("homie/5/lamp/$state", "ready", retained: true).presence == ["lamp": false])
        #expect(rig.hear("homie/5/late/$state", "ready", retained: true).presence == ["late": true])
        #expect(rig.hear("homie/5/late/$description", child, retained: true).presence == ["late": false])
        let back = rig.hear("homie/5/bridge/$state", "ready")
        #expect(back.presence == ["bridge": true, "lamp": true, "late": true])
    }

    @Test func unitsOfTheConventionAreUCUMAndAPercentagesIsTold() throws {
        var rig = FamilyRig(.homie)
        for (spelling, code) in [("m³", "m3"), ("ft", "[ft_i]"), ("gal", "[gal_us]"), ("#", "1"), ("kn", "[kn_i]")] {
            _ = rig.hear("homie/e/air/x/$unit", spelling)
            #expect(try #require(rig.hear("homie/e/air/x", "1").records.first)["air.x"]?.unit.code == code)
        }
        _ = rig.hear("homie/e/air/p/$datatype", "percent")
        #expect(try #require(rig.hear("homie/e/air/p", "55.5").records.first)["air.p"]?.unit == .percent)
    }

    @Test func anEmptyStateRemovesTheDevice() {
        var rig = FamilyRig(.homie)
        _ = rig.hear("homie/5/d1/$description", description)
        #expect(rig.hear("homie/5/d1/$state", "").presence == ["d1": false])
        #expect(
            rig.hear("homie/5/d1/air/label", "21.4").values == ["d1 air.label": .number(21.4)], "nothing is known of it"
        )
    }

    @Test func anotherDomainIsFollowedByItsDescriptions() {
        var rig = FamilyRig(.homie)
        #expect(rig.hear("site/5/d1/$description", description).effects.subscriptions == ["site/5/d1/+/+"])
        #expect(rig.hear("site/5/d1/air/temperature", "20").values == ["d1 air.temperature": .number(20)])
        #expect(rig.hear("site/5/d1/x", "20").verdict == .unclaimed)
    }

    @Test func valuesThatAreNotOfTheirTypeAreRefused() {
        var rig = FamilyRig(.homie)
        _ = rig.hear("homie/5/d1/$description", description)
        #expect(rig.hear("homie/5/d1/air/temperature", "nan").reason == .valueNotFinite)
        #expect(rig.hear("homie/5/d1/air/temperature", "warm").reason == .valueNotStorable)
        #expect(rig.hear("homie/5/d1/air/on", "7").reason == .valueNotStorable)
        #expect(rig.hear("homie/5/d1/$description", "{").reason == .malformedJSON)
        #expect(rig.hear("homie/5//$state", "ready").reason == .badDeviceID)
    }

    @Test func mutatedMessagesNeverTrap() {
        var rig = FamilyRig(.homie)
        rig.fuzz(
            [
                ("homie/5/d1/$description", Array(description.utf8)), ("homie/5/d1/$state", Array("ready".utf8)),
                ("homie/5/d1/air/temperature", Array("21.4".utf8)), ("homie/d2/air/t/$datatype", Array("float".utf8)),
                ("homie/d2/air/t", Array("1e3".utf8)), ("homie/d2/$state", Array("lost".utf8)),
            ], count: 300, seed: 63)
    }
}
