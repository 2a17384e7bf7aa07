import FieldProtocols
import GatewayModel
import GatewayTestKit
import Testing

@Suite struct MQTTRejections {
    let topic = "mycosoft/devices/m1/telemetry"

    @Test(arguments: [
        ("", RejectReason.malformedJSON), ("{", .malformedJSON), ("hello", .malformedJSON), ("{}", .noReadings),
        ("1", .noReadings), (#"{"seq":1}"#, .noReadings), (#"{"device_id":"x"}"#, .noReadings),
        (#"{"a":1e999}"#, .numberOutOfRange), (#"{"a":1e200}"#, .numberOutOfRange),
        (#"{"a":123456789012345678901234567890}"#, .numberOutOfRange), (#"{"pack":[{"v":1}]}"#, .invalidPack),
        (#"{"pack":[1]}"#, .invalidPack), (#"{"a":{"b":{"c":{"d":{"e":{"f":1}}}}}}"#, .valueNotStorable),
    ])
    func badPayloadsAreRefusedWithTheirReason(payload: String, reason: RejectReason) {
        let decoded = Decoded(topic, payload)
        #expect(decoded.reason == reason)
        #expect(decoded.observation == nil)
        #expect(decoded.readings.isEmpty)
    }

    @Test func sizesAreBounded() {
        let many = "[" + (0...256).map { #"{"id":"x\#($0 % 9)","v":1}"# }.joined(separator: ",") + "]"
        #expect(Decoded(topic, many).reason == .tooManyReadings)
        let large = #"{"a":1,"b":""# + String(repeating: "x", count: 1 << 20) + #""}"#
        #expect(Decoded(topic, large).reason == .tooLarge)
        let id = String(repeating: "x", count: 129)
        #expect(Decoded(topic, #"{"a":1,"msgId":"\#(id)"}"#).reason == .badMessageID)
        let deep = String(repeating: #"{"a":"#, count: 70) + "1" + String(repeating: "}", count: 70)
        #expect(Decoded(topic, deep).reason == .tooDeep)
    }

    @Test func bytesThatAreNoTextAreRefused() {
        #expect(Decoded(topic, [0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D]).reason == .notUTF8)
        #expect(Decoded(topic, [0xBF, 0x00, 0xFF]).reason == .cbor)
    }

    @Test(arguments: [
        "mycosoft/devices//telemetry", "mycosoft/devices/a b/telemetry", "mycosoft/devices/$x/telemetry",
        "mycosoft/devices/\"x\"/telemetry", "mycosoft/devices/../telemetry", "mycobrain/a\u{7F}/telemetry",
        "mycosoft/devices/\(String(repeating: "x", count: 129))/telemetry",
    ])
    func hostileDeviceNamesAreRefused(topic: String) {
        #expect(Decoded(topic, #"{"a":1}"#).verdict == .rejected(reason: .badDeviceID, device: nil))
    }

    @Test(arguments: [
        "", "/", "mycosoft", "mycosoft/devices", "mycosoft/devices/m1", "mycosoft/devices/m1/cmd",
        "mycosoft/fleet/heartbeat",
        "mycosoft/devices/m1/telemetry/x", "other/devices/m1/telemetry", "mycobrain/m1", "mycobrain/m1/x",
        "natureos/devices/m1/commands",
    ])
    func otherTopicsAreNotClaimed(topic: String) {
        #expect(Decoded(topic, #"{"a":1}"#).verdict == .unclaimed)
    }

    @Test func inventedNamesSpoilNeitherKnownNorNewOnes() {
        var decoder = TopicDecoder(keys: { _ in nil })
        var batch = ObservationBatch()
        for round in 0..<40 {
            let names = (0..<200).map { #""g\#(round)_\#($0)":{"x":null}"# }.joined(separator: ",")
            _ = decoder.decode(topic: topic, payload: Array("{\(names)}".utf8), received: Decoded.now, into: &batch)
            batch.removeAll()
            let good = #"{"sensors":{"bme688_a":{"temp_c":22.5},"lab\#(round)":{"x":1}}}"#
            let verdict = decoder.decode(
                topic: "mycosoft/devices/honest/telemetry", payload: Array(good.utf8), received: Decoded.now,
                into: &batch)
            guard case .observation = verdict else { return #expect(verdict == .note) }
            #expect(batch.readings.map(\.metric.text) == ["bme688_a.temperature", "lab\(round).x"])
        }
    }

    @Test func mutatedMessagesNeverTrapAndLeaveNoHalfReadings() {
        var random = SeededRandom(seed: 21)
        var decoder = TopicDecoder(keys: { _ in nil })
        var batch = ObservationBatch()
        let payload =
            Array(
                #"{"seq":1,"msgId":"m","ts":{"utc":"2026-01-15T14:30:00Z","mono_ms":1},"sensors":{"bme688":{"a":{"temp_c":1.5}}}"#
                    .utf8) + Array(#","pack":[{"id":"a","v":nan,"u":"C","q":2}],"analog":{"ai1":3}},"hash":"x"}"#.utf8)
        for _ in 0..<20_000 {
            let verdict = decoder.decode(
                topic: topic, payload: random.mutated(payload), received: Decoded.now, into: &batch)
            if case .rejected = verdict { #expect(batch.observations.isEmpty) }
            #expect(batch.openReadings.isEmpty)
            batch.removeAll()
        }
        let topicBytes = Array("mycosoft/devices/m1/telemetry".utf8)
        for _ in 0..<5_000 {
            let topic = random.mutated(topicBytes)
            topic.withUnsafeBufferPointer { topic in
                payload.withUnsafeBytes { payload in
                    _ = decoder.decode(
                        topic: topic, payload: payload, retained: false, received: Decoded.now, into: &batch)
                }
            }
            batch.removeAll()
        }
    }
}
