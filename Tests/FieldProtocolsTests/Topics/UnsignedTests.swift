import FieldProtocols
import GatewayModel
import GatewayTestKit
import Testing

/// A device that must sign is not spoken for over topics that know no signature.
struct UnsignedTests {
    private func hear(_ topic: String, _ payload: String) -> (FamilyRig.Heard, isRequired: Bool) {
        var rig = FamilyRig(all: [])
        rig.decoder = TopicDecoder(
            policy: { SignaturePolicy(publicKey: nil, isRequired: $0.text.hasSuffix("sig-1")) },
            families: [TopicFamilyName.tasmota, .zigbee2mqtt, .esphome].map { $0.make() })
        return (rig.hear(topic, Array(payload.utf8)), topic.contains("sig-1"))
    }

    @Test(arguments: [
        ("tele/NAME/SENSOR", #"{"Time":"2026-01-15T14:30:00","AM2301":{"Temperature":21.5},"TempUnit":"C"}"#),
        ("zigbee2mqtt/NAME", #"{"temperature":21.5}"#),
        ("NAME/sensor/temperature/state", "21.5"),
        ("mycosoft/devices/NAME/events", #"{"kind":"opened"}"#),
        ("mycosoft/devices/NAME/openclaw/state", #"{"state":"idle"}"#),
        ("mycobrain/NAME/telemetry", #"{"temperature":21.5}"#),
    ])
    func whatMustBeSignedIsRefusedOnEveryTopic(_ topic: String, _ payload: String) {
        for name in ["sig-1", "other-1"] {
            let (heard, isRequired) = hear(topic.replacing("NAME", with: name), payload)
            #expect((heard.reason == .signatureRequired) == isRequired, "\(heard.verdict)")
            #expect((heard.records.isEmpty && heard.notes.isEmpty) == isRequired, "\(name): \(heard.records)")
        }
    }

    @Test func whatCameBeforeInTheBatchStays() throws {
        var decoder = TopicDecoder(
            policy: { SignaturePolicy(publicKey: nil, isRequired: $0.text.hasSuffix("sig-1")) },
            families: [TopicFamilyName.zigbee2mqtt.make()])
        var batch = ObservationBatch()
        for name in ["other-1", "sig-1", "other-2"] {
            _ = decoder.decode(
                topic: "zigbee2mqtt/\(name)", payload: Array(#"{"temperature":21.5,"humidity":40}"#.utf8),
                received: Decoded.now, into: &batch)
        }
        #expect(batch.observations.count == 2)
        #expect(batch.observations.map(\.readings) == [0..<2, 2..<4])
        #expect(batch.readings.count == 4)
    }
}
