import Crypto
import FieldProtocols
import GatewayModel
import GatewayTestKit
import JSONText
import Testing

@Suite struct MQTTFrames {
    let topic = "mycosoft/devices/m1/mdp/frames"
    let frames: [String: [UInt8]]

    init() throws {
        let vectors = try JSON(parsing: Vectors.text("mycosoft/mdp_v1_valid.json"))
        var frames: [String: [UInt8]] = [:]
        for vector in vectors.members?.compactMap({ $0.value.array }).flatMap({ $0 }) ?? [] {
            if let id = vector["id"]?.string, let raw = vector["raw_hex"]?.string { frames[id] = Hex.decode(raw) }
        }
        self.frames = frames
    }

    private func decoded(_ body: some Collection<UInt8>) -> Decoded {
        Decoded(topic, #"{"frame_b64":"\#(Base64.encode(body))"}"#)
    }

    @Test func everyValidFrameIsTakenWithAndWithoutItsChecksum() {
        #expect(frames.count >= 40)
        for (id, raw) in frames {
            let bare = decoded(raw.dropLast(2))
            let whole = decoded(raw)
            #expect(bare.reason == whole.reason, "\(id)")
            #expect(bare.observation?.deviceSeq == whole.observation?.deviceSeq)
            if let reason = bare.reason {
                #expect([.noReadings, .malformedJSON, .notUTF8, .badFrame].contains(reason), "\(id)")
            }
        }
    }

    @Test func telemetryInFramesIsNamedAsElsewhere() throws {
        let body = try #require(Hex.decode("5aa101010700000000000000" + "00a1c000"))
        let text = #"{"type":"telemetry","uptime_s":9,"analog":{"ai1":4095},"bme688":{"b":{"temperature_c":22.5}}}"#
        let decoded = decoded(body + Array(text.utf8))
        #expect(decoded.number("bme688_b.temperature") == 22.5)
        #expect(decoded.number("analog.ai1") == 3.3)
        #expect(decoded.observation?.deviceSeq == 7)
        #expect(decoded.observation?.bootEvidence == .uptime(milliseconds: 9000))
    }

    @Test func whatIsNoFrameIsRefused() {
        for payload in [
            "{}", #"{"frame_b64":"!"}"#, #"{"frame_b64":""}"#, #"{"frame_b64":5}"#, #"{"frame_b64":"AAAA"}"#,
        ] {
            #expect(Decoded(topic, payload).reason == .badFrame)
        }
    }
}
