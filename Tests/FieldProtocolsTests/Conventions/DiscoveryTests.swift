import GatewayModel
import JSONText
import Testing

@testable import FieldProtocols

@Suite struct DiscoveryTests {
    private let config = "homeassistant/sensor/env01/temperature/config"
    private let described =
        #"{"name":"Temperature","uniq_id":"env01_t","stat_t":"~/state","~":"env/01","val_tpl":"{{ value_json.t }}","#
        + #""unit_of_meas":"°C","dev":{"ids":["env01"],"name":"Env 01","mdl":"v2","sw":"1.2.0"},"avty_t":"env/01/status"}"#

    @Test func theVectorsAreUnderstood() throws {
        var rig = FamilyRig(.homeassistant)
        let vectors = ConventionVectors.mqtt.filter { $0["convention"]?.string == "home-assistant" }
        try #require(vectors.count == 2)
        let announced = rig.hear(config, ConventionVectors.payload(vectors[0]), retained: true)
        #expect(announced.effects.subscriptions == ["env/01/state", "env/01/status"])
        #expect(announced.effects.words.first?.presence.firmware == "1.2.0")
        #expect(announced.effects.words.first?.presence.isOld == true)
        let heard = rig.hear("env/01/state", ConventionVectors.payload(vectors[1]))
        #expect(heard.values == ["env01 temperature": .number(21.4)])
        #expect(heard.records.first?.readings.first?.unit == .celsius)
        #expect(rig.hear("env/01/status", "offline").presence == ["env01": false])
        #expect(rig.hear("env/01/other", "1").verdict == .unclaimed)
    }

    @Test func theDeviceLevelMessageDescribesAllComponentsAtOnce() {
        var rig = FamilyRig(.homeassistant)
        let payload =
            #"{"dev":{"ids":"plug7"},"o":{"name":"x"},"stat_t":"plug7/state","availability":[{"topic":"plug7/up","#
            + #""payload_available":"1","payload_not_available":"0"}],"cmps":{"p":{"p":"sensor","unit_of_meas":"W","#
            + #""val_tpl":"{{ value_json.power | float | round(1) }}"},"s":{"p":"binary_sensor","val_tpl":"{{ value_json['s'] }}"},"#
            + #""b":{"p":"button","cmd_t":"x"}}}"#
        #expect(
            rig.hear("homeassistant/device/plug7/config", payload).effects.subscriptions.sorted() == [
                "plug7/state", "plug7/up",
            ])
        let heard = rig.hear("plug7/state", #"{"power":"12.345","s":"ON","b":1}"#)
        #expect(heard.values["plug7 p"] == .number(12.3) && heard.values["plug7 s"] == .flag(true))
        #expect(heard.records.count == 1)
        #expect(rig.hear("plug7/up", "0").presence == ["plug7": false])
    }

    @Test func aValueIsGoodForAsLongAsItsDescriptionSays() {
        var rig = FamilyRig(.homeassistant)
        let expiring = described.replacing(#""uniq_id""#, with: #""exp_aft":300,"uniq_id""#)
        func spans(_ heard: FamilyRig.Heard) -> [Int64?] {
            heard.effects.words.filter { $0.device.text == "env01" }.flatMap(\.presence.expiries)
                .filter { $0.key.text == "temperature" }.map(\.value)
        }
        #expect(spans(rig.hear(config, expiring, retained: true)) == [300_000])
        #expect(spans(rig.hear(config, expiring, retained: true)) == [300_000], "said again, not taken back")
        #expect(spans(rig.hear(config, described, retained: true)) == [nil])
        #expect(spans(rig.hear(config, expiring)) == [300_000])
        #expect(spans(rig.hear(config, "")) == [nil])
    }

    @Test func severalWordsOnOneDeviceAreTakenTogetherAsTheModeSays() {
        func announced(_ mode: String) -> FamilyRig {
            var rig = FamilyRig(.homeassistant)
            _ = rig.hear(
                config,
                #"{"stat_t":"e/s","dev":{"ids":"env01"},"avty_mode":"\#(mode)","avty":[{"t":"bridge/state","#
                    + #""val_tpl":"{{ value_json.state }}"},{"t":"e/up","pl_avail":"True","pl_not_avail":"False","#
                    + #""val_tpl":"{{ value_json.up }}"}]}"#)
            return rig
        }
        let (bridge, up) = (#"{"state":"online"}"#, #"{"up":true}"#)
        let (noBridge, down) = (#"{"state":"offline"}"#, #"{"up":false}"#)
        var all = announced("all")
        #expect(all.hear("bridge/state", bridge).presence.isEmpty, "the other has said nothing yet")
        #expect(all.hear("e/up", up).presence == ["env01": true])
        #expect(all.hear("bridge/state", noBridge).presence == ["env01": false])
        #expect(all.hear("e/up", up).presence.isEmpty)
        var any = announced("any")
        #expect(any.hear("e/up", down).presence.isEmpty)
        #expect(any.hear("bridge/state", bridge).presence == ["env01": true])
        #expect(any.hear("bridge/state", noBridge).presence == ["env01": false])
        var latest = announced("latest")
        #expect(latest.hear("e/up", down).presence == ["env01": false])
        #expect(latest.hear("bridge/state", bridge).presence == ["env01": true])
        #expect(latest.hear("bridge/state", "online").presence.isEmpty, "no JSON says nothing")
    }

    /// What presses, sets or notifies has no state; a topic beside it is that of its fellows.
    @Test(arguments: ["button", "scene", "notify", "tag", "device_automation"])
    func whatOnlyTakesCommandsMakesNoReadingOfASharedTopic(component: String) {
        var rig = FamilyRig(.homeassistant)
        let whole =
            #"{"dev":{"ids":"plug8"},"stat_t":"plug8/state","cmps":{"p":{"p":"sensor","val_tpl":"{{ value_json.power }}"},"#
            + #""b":{"p":"\#(component)","cmd_t":"plug8/cmd"},"own":{"p":"\#(component)","stat_t":"plug8/own"}}}"#
        let described = rig.hear("homeassistant/device/plug8/config", whole).effects
        #expect(described.subscriptions == ["plug8/state"])
        #expect(rig.hear("plug8/state", #"{"power":12}"#).values == ["plug8 p": .number(12)])
        let single = #"{"dev":{"ids":"plug8"},"stat_t":"plug8/alone","cmd_t":"plug8/cmd"}"#
        #expect(rig.hear("homeassistant/\(component)/plug8/b/config", single).effects.subscriptions.isEmpty)
    }

    @Test func aBinarySensorIsOnWhenItsPayloadSaysSo() {
        var rig = FamilyRig(.homeassistant)
        _ = rig.hear(
            "homeassistant/binary_sensor/d1/door/config",
            #"{"stat_t":"d1/s","val_tpl":"{{ value_json.contact }}","pl_on":false,"pl_off":true,"dev":{"ids":"d1"}}"#)
        _ = rig.hear(
            "homeassistant/binary_sensor/d1/leak/config",
            #"{"stat_t":"d1/s","val_tpl":"{{ value_json.leak }}","pl_on":"1","pl_off":"0","dev":{"ids":"d1"}}"#)
        let heard = rig.hear("d1/s", #"{"contact":false,"leak":0}"#)
        #expect(heard.values == ["d1 door": .flag(true), "d1 leak": .flag(false)])
    }

    @Test func aComponentOfNothingButItsPlatformIsRemoved() {
        var rig = FamilyRig(.homeassistant)
        func cmps(_ second: String) -> String {
            #"{"dev":{"ids":"p9"},"stat_t":"p9/s","cmps":{"a":{"p":"sensor","val_tpl":"{{ value_json.a }}"},"b":\#(second)}}"#
        }
        _ = rig.hear("homeassistant/device/p9/config", cmps(#"{"p":"sensor","val_tpl":"{{ value_json.b }}"}"#))
        #expect(rig.hear("p9/s", #"{"a":1,"b":2}"#).values.count == 2)
        _ = rig.hear("homeassistant/device/p9/config", cmps(#"{"p":"sensor"}"#))
        #expect(rig.hear("p9/s", #"{"a":1,"b":2}"#).values == ["p9 a": .number(1)])
    }

    @Test func whatAGatewayOfOursAnnouncesIsNotTakenInAgain() {
        var rig = FamilyRig(.homeassistant)
        let ours = described.replacing(#""uniq_id""#, with: #""o":{"name":"mycogate"},"uniq_id""#)
        #expect(rig.hear(config, ours, retained: true).effects.subscriptions.isEmpty)
    }

    @Test func aTemplateBeyondTheSubsetGivesTheRawPayloadAndANotice() {
        var rig = FamilyRig(.homeassistant)
        let odd = described.replacing("{{ value_json.t }}", with: "{{ value_json.t * 2 if x else 3 }}")
        let announced = rig.hear(config, odd, retained: true)
        #expect(announced.notes.map(\.kind) == ["template_unsupported"])
        #expect(rig.hear("env/01/state", #"{"t":1}"#).values == ["env01 temperature": .text(#"{"t":1}"#)])
        #expect(rig.hear(config, odd, retained: true).notes.isEmpty, "said once")
    }

    @Test func aNumberThatATemplateWouldHaveChangedIsNotTakenForAMeasurement() {
        var rig = FamilyRig(.homeassistant)
        let odd = described.replacing("{{ value_json.t }}", with: "{{ value | float / 10 }}")
        _ = rig.hear(config, odd, retained: true)
        let raw = rig.hear("env/01/state", "215").records.first?["temperature"]
        #expect(raw == Reading(metric("temperature"), .number(215), unit: .none, quality: .warn))
        _ = rig.hear(config, described, retained: true)
        let read = rig.hear("env/01/state", #"{"t":21.5}"#).records.first?["temperature"]
        #expect(read == Reading(metric("temperature"), .number(21.5), unit: .celsius))
    }

    private func metric(_ name: StaticString) -> MetricName { MetricName(known: name) }

    @Test func anEmptyConfigurationRemovesAndAChangedOneReplaces() {
        var rig = FamilyRig(.homeassistant)
        _ = rig.hear(config, described)
        let moved = described.replacing("~/state", with: "~/new")
        let changed = rig.hear(config, moved).effects
        #expect(changed.subscriptions.contains("env/01/new") && changed.unsubscriptions == ["env/01/state"])
        #expect(rig.hear("env/01/state", #"{"t":1}"#).verdict == .unclaimed)
        #expect(rig.hear("env/01/new", #"{"t":1}"#).values.count == 1)
        #expect(rig.hear(config, "").effects.unsubscriptions == ["env/01/new", "env/01/status"])
        #expect(rig.hear("env/01/new", #"{"t":1}"#).verdict == .unclaimed)
    }

    @Test(arguments: [
        ("{{ value_json.a.b }}", #"{"a":{"b":1.5}}"#, Reading.Value.number(1.5)),
        ("{{value_json[\"a\"][1]}}", #"{"a":[1,2]}"#, .number(2)), ("{{ value }}", "7", .number(7)),
        ("{{ value | float | round(1) }}", "2.25", .number(2.2)), ("{{ value|int }}", "-2.9", .number(-2)),
        ("{{ value | round }}", "2.5", .number(2)), ("{{ value_json.w }}", #"{"w":"wet"}"#, .text("wet")),
        ("{{ value_json.f }}", #"{"f":true}"#, .flag(true)), ("{{ value | float(0) }}", "3", .number(3)),
        // What Python rounds these to: as binary numbers they lie below and above their halves.
        ("{{ value | round(2) }}", "1.115", .number(1.11)), ("{{ value | round(1) }}", "-0.35", .number(-0.3)),
        ("{{ value | round(2) }}", "5.015", .number(5.01)), ("{{ value | round(2) }}", "0.125", .number(0.12)),
    ])
    func templatesOfTheSubsetAreEvaluated(template: String, payload: String, value: Reading.Value) throws {
        var rig = FamilyRig(.homeassistant)
        let escaped = template.replacing("\"", with: "\\\"")
        _ = rig.hear(config, described.replacing("{{ value_json.t }}", with: escaped))
        #expect(rig.hear("env/01/state", payload).values == ["env01 temperature": value])
    }

    @Test(arguments: [
        "", "{{ }}", "{{ value", "{{ value_json. }}", "{{ value_json[ }}", "{{ value }} x", "{{ states('x') }}",
        "{% if value %}1{% endif %}", "{{ value | regex_replace('a') }}", "{{ value * 2 }}", "{{ value | round(99) }}",
        "{{ value_json['a }}", "{{ now() }}",
    ])
    func everythingElseIsBeyondTheSubset(template: String) {
        #expect(ValueTemplate(template) == nil)
    }

    @Test func whatStandsForNoValueIsNone() {
        var rig = FamilyRig(.homeassistant)
        _ = rig.hear(config, described)
        for payload in [#"{"t":null}"#, #"{"x":1}"#, #"{"t":"unavailable"}"#, #"{"t":""}"#] {
            #expect(rig.hear("env/01/state", payload).records.isEmpty)
        }
        #expect(rig.hear("env/01/state", #"{"t":"nan"}"#).dropped == .valueNotFinite)
        #expect(rig.hear("env/01/state", "{").reason == .malformedJSON)
    }

    @Test func wildcardsAreNoStateTopic() {
        var rig = FamilyRig(.homeassistant)
        let greedy = described.replacing("~/state", with: "#").replacing("env/01/status", with: "+/x")
        #expect(rig.hear(config, greedy).effects.subscriptions.isEmpty)
    }

    @Test func inventedTopicsAreBounded() {
        var rig = FamilyRig(.homeassistant)
        var refused = 0
        for number in 0..<DiscoveryFamily.topicCountMax + 5 {
            let heard = rig.hear(
                "homeassistant/sensor/x\(number)/t/config", #"{"stat_t":"x/\#(number)","dev":{"ids":["one"]}}"#)
            if heard.dropped == .tooManyNames { refused += 1 }
        }
        #expect(refused >= 5)
    }

    @Test func whatWaitedInTheSessionIsKeptUntilItsDescriptionComesAgain() {
        var rig = FamilyRig(DiscoveryFamily(), UndescribedMessages())
        _ = rig.connect(resumed: true)
        let early = rig.hear("env/01/state", #"{"t":1}"#)
        #expect(early.verdict == .note && early.notes.map(\.kind) == ["undescribed_message"])
        #expect(early.notes.first?.body.contains("7b2274223a317d") == true)
        _ = rig.hear(config, described, retained: true)
        #expect(rig.hear("env/01/state", #"{"t":1}"#).values.count == 1)
        rig.pass(seconds: 61)
        #expect(rig.hear("other/topic", "1").verdict == .unclaimed)
        var fresh = FamilyRig(DiscoveryFamily(), UndescribedMessages())
        _ = fresh.connect(resumed: false)
        #expect(fresh.hear("env/01/state", "1").verdict == .unclaimed, "nothing can have waited")
    }

    @Test func mutatedMessagesNeverTrap() {
        var rig = FamilyRig(.homeassistant)
        rig.fuzz(
            [
                (config, Array(described.utf8)), ("env/01/state", Array(#"{"t":21.5}"#.utf8)),
                ("env/01/status", Array("online".utf8)), (config, []),
            ], count: 300, seed: 64)
    }
}
