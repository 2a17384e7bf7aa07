import FieldProtocols
import GatewayModel
import GatewayTestKit
import JSONText
import Testing

/// What holds of every convention (field reference, section 11, "Common rules").
@Suite struct ConventionRuleTests {
    /// One convention: what describes its values, a message with values, and what says whether its device is there.
    struct Convention: Sendable, CustomTestStringConvertible {
        var name: String
        var before: [(topic: String, payload: [UInt8])] = []
        var topic: String
        var payload: [UInt8]
        /// Whether a message tells itself from the next, so that it is known when it comes twice.
        var isNumbered = true
        var device: String
        var word: (topic: String, online: [UInt8], offline: [UInt8])?

        var testDescription: String { name }

        func rig() -> FamilyRig {
            var site = SiteTopic(filter: "site/#")
            site.deviceLevel = 2
            return FamilyRig(all: TopicFamilyName.allCases.map { $0.make() } + [SiteTopicsFamily(topics: [site])])
        }
    }

    private static func text(_ text: String) -> [UInt8] { Array(text.utf8) }

    private static let conventions: [Convention] = [
        Convention(
            name: "sparkplug",
            before: [("spBv1.0/G/NBIRTH/n", SparkplugSample.birth(3, SparkplugSample.int("t", alias: 1, 20)))],
            topic: "spBv1.0/G/NDATA/n", payload: SparkplugSample(seq: 1, SparkplugSample.int(nil, alias: 1, 21)).bytes,
            device: "G:n",
            word: (
                "spBv1.0/G/NDEATH/n", [], SparkplugSample.death(3)
            )),
        Convention(
            name: "homie",
            before: [("homie/5/h1/$description", text(#"{"nodes":{"a":{"properties":{"t":{"datatype":"float"}}}}}"#))],
            topic: "homie/5/h1/a/t", payload: text("21.5"), isNumbered: false, device: "h1",
            word: ("homie/5/h1/$state", text("ready"), text("lost"))),
        Convention(
            name: "homie4", before: [("homie/h4/a/t/$datatype", text("float"))], topic: "homie/h4/a/t",
            payload: text("21.5"), isNumbered: false, device: "h4",
            word: ("homie/h4/$state", text("ready"), text("disconnected"))),
        Convention(
            name: "tasmota", topic: "tele/t1/SENSOR",
            payload: text(#"{"Time":"2026-05-04T10:15:30","BME280":{"Temperature":21.5}}"#), device: "t1",
            word: ("tele/t1/LWT", text("Online"), text("Offline"))),
        Convention(
            name: "homeassistant",
            before: [
                (
                    "homeassistant/sensor/e1/t/config",
                    text(#"{"stat_t":"e1/s","val_tpl":"{{ value_json.t }}","dev":{"ids":"e1"},"avty_t":"e1/up"}"#)
                )
            ], topic: "e1/s", payload: text(#"{"t":21.5}"#), isNumbered: false, device: "e1",
            word: ("e1/up", text("online"), text("offline"))),
        Convention(
            name: "senml", topic: "site/s1",
            payload: text(#"[{"bn":"s1:","bt":1777889730,"n":"t","u":"Cel","v":21.5}]"#), device: "s1"),
        Convention(
            name: "senml-cbor", topic: "site/s2",
            payload: [0x81, 0xA4, 0x21, 0x63] + text("s2:") + [0x22, 0x1A, 0x69, 0xF8, 0x72, 0xC2, 0x00, 0x61, 0x74]
                + [0x02, 0xF9, 0x4D, 0x60], device: "s2"),
        Convention(
            name: "influx", topic: "site/any", payload: text("env,dev=i1 t=21.5 1777889730123456789"), device: "i1"),
        Convention(
            name: "json", topic: "site/j1", payload: text(#"{"t":21.5,"time":"2026-05-04T10:15:30Z"}"#), device: "j1"),
        Convention(
            name: "zigbee2mqtt", topic: "zigbee2mqtt/z1", payload: text(#"{"temperature":21.5}"#), isNumbered: false,
            device: "z1", word: ("zigbee2mqtt/z1/availability", text(#"{"state":"online"}"#), text("offline"))),
        Convention(
            name: "shelly", topic: "y1/events/rpc",
            payload: text(
                #"{"src":"y1","method":"NotifyStatus","params":{"ts":1777889730.5,"temperature:0":{"tC":21.5}}}"#),
            device: "y1", word: ("y1/online", text("true"), text("false"))),
        Convention(
            name: "esphome", topic: "p1/sensor/t/state", payload: text("21.5"), isNumbered: false, device: "p1",
            word: ("p1/status", text("online"), text("offline"))),
    ]

    @Test(arguments: conventions)
    func retainedValuesAreOldAndNoSignOfLife(_ convention: Convention) throws {
        var rig = convention.rig()
        for (topic, payload) in convention.before { _ = rig.hear(topic, payload) }
        let kept = try #require(rig.hear(convention.topic, convention.payload, retained: true).records.first)
        #expect(kept.device == convention.device)
        #expect(!kept.readings.isEmpty && kept.readings.allSatisfy { $0.quality == .old })
        #expect(kept.observation.flags.contains(.retained))
        let live = try #require(rig.hear(convention.topic, convention.payload).records.first)
        #expect(live.readings.allSatisfy { $0.quality == .ok } && !live.observation.flags.contains(.retained))
        guard let word = convention.word, !word.online.isEmpty else { return }
        let online = rig.hear(word.topic, word.online, retained: true).effects.words.filter {
            $0.presence.isOnline != nil
        }
        #expect(!online.isEmpty && online.allSatisfy { $0.presence.isOld }, "whoever was there may be gone")
    }

    @Test(arguments: conventions)
    func aMessageThatIsDeliveredTwiceIsTheSame(_ convention: Convention) throws {
        func ids(retained: Bool, _ rig: inout FamilyRig) -> [String] {
            rig.hear(convention.topic, convention.payload, retained: retained).records.map(\.messageID)
        }
        var rig = convention.rig()
        for (topic, payload) in convention.before { _ = rig.hear(topic, payload) }
        let kept = ids(retained: true, &rig)
        #expect(kept.count == 1 && kept != [""] && ids(retained: true, &rig) == kept, "a broker sends it again")
        let live = ids(retained: false, &rig)
        #expect(ids(retained: false, &rig) == live)
        // What has neither number nor time may well be the same value again: the journal tells by the session.
        #expect((live != [""]) == convention.isNumbered)
    }

    @Test(arguments: conventions.filter { $0.word != nil })
    func whoeverIsGoneIsToldByItsWillAndNotBySilence(_ convention: Convention) throws {
        let word = try #require(convention.word)
        var rig = convention.rig()
        var heard: [FamilyRig.Heard] = []
        for (topic, payload) in convention.before { heard.append(rig.hear(topic, payload)) }
        _ = rig.hear(convention.topic, convention.payload)
        if !word.online.isEmpty { heard = [rig.hear(word.topic, word.online)] }
        let online = try #require(heard.flatMap(\.effects.words).first { $0.presence.isOnline != nil })
        #expect(online.device.text == convention.device && online.presence.isOnline == true)
        #expect(online.presence.isWatched && !online.presence.isOld)
        let gone = try #require(rig.hear(word.topic, word.offline).effects.words.first)
        #expect(gone.device.text == convention.device && gone.presence.isOnline == false)
        #expect(gone.presence.isOld, "the broker says it, the device was not heard")
    }
}
