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

    /// As the builds of the two boards send it; `hyphae1` has the soil sensor.
    @Test(arguments: [
        #"{"type":"telemetry","uptime_s":9,"estop":false,"analog":{"ai1":4095,"ai4":0,"soil_moisture":1800},"#
            + #""bme688":{"a":{"temperature_c":21.5,"humidity_pct":60,"pressure_hpa":1010.5,"gas_ohm":48000},"#
            + #""b":{"temperature_c":22.5,"iaq":50,"iaq_accuracy":3}}}"#,
        #"{"hdr":{"deviceId":"x","proto":"mdp","msgId":"m-1"},"ts":{"utc":"52","mono_ms":52000},"seq":4,"#
            + #""pack":[{"id":"ai1_v","v":1.25,"u":"V"},{"id":"door","v":true},{"id":"temp","v":21,"u":"C","q":1}],"#
            + #""geo":{"lat":32.5,"lon":-117.25,"acc_m":5}}"#,
        #"{"type":"telemetry","uptime_s":9,"analog":{"ai1":4095},"location":{"latitude":1.5,"longitude":2,"altitude":3}}"#,
        FungalSample.envelope,
    ])
    func aFrameSaysTheSameOverASerialLineAndOverMQTT(text: String) throws {
        var board = HeardBoard()
        board.hear(BoardFrames.frame(.telemetry, seq: 7, text))
        let body = try #require(Hex.decode("5aa101010700000000000000" + "00a1c000"))
        let decoded = decoded(body + Array(text.utf8))
        let heard = Dictionary(board.readings(0).map { ($0.metric.text, $0) }) { $1 }
        #expect(heard.keys.sorted() == decoded.readings.keys.sorted())
        for (name, reading) in heard {
            let other = decoded.readings[name]
            #expect(reading.value == other?.value && reading.unit == other?.unit, "\(name)")
            #expect(reading.quality == other?.quality, "\(name)")
        }
        #expect(heard["soil.moisture_raw"]?.value == (text.contains("soil") ? .number(1800) : nil))
        #expect(board.observations[0].deviceSeq == decoded.observation?.deviceSeq)
        #expect(board.observations[0].bootEvidence == decoded.observation?.bootEvidence)
        #expect(heard.keys.contains("gps.latitude") == (text.contains("geo") || text.contains("location")))
    }

    @Test(arguments: ["mycosoft/devices/f1/telemetry", "mycobrain/f1/telemetry", "natureos/devices/f1/telemetry"])
    func aFungalInterfaceSaysTheSameOverMQTTAsOverItsSerialLine(topic: String) throws {
        var board = HeardBoard()
        board.hear(FungalSample.envelope)
        let heard = Dictionary(board.readings(0).map { ($0.metric.text, $0) }) { $1 }
        let decoded = Decoded(topic, FungalSample.envelope)
        #expect(decoded.readings == heard && heard.count == 15)
        #expect(decoded.readings["fci.amplitude"]?.unit.code == "uV")
        #expect(decoded.observation?.deviceTime == nil, "its date is a fake")
        #expect(decoded.observation?.bootEvidence == .uptime(milliseconds: 5_000))
        let old = Decoded(topic, FungalSample.envelope, retained: true)
        #expect(old.readings.count == 15 && old.readings.values.allSatisfy { $0.quality == .old })
    }

    @Test func whatAFungalInterfaceCannotHaveMeasuredIsNotStored() {
        let hostile = FungalSample.envelope.replacing("0.98", with: "1e308").replacing("48.2", with: "1e307")
            .replacing("growth", with: String(repeating: "g", count: 300))
        let decoded = Decoded("mycobrain/f1/telemetry", hostile)
        #expect(decoded.readings.count == 12)
        #expect(decoded.readings["fci.pattern"] == nil && decoded.readings["bme688_b.gas_resistance"] == nil)
    }

    @Test func whatIsNoFrameIsRefused() {
        for payload in [
            "{}", #"{"frame_b64":"!"}"#, #"{"frame_b64":""}"#, #"{"frame_b64":5}"#, #"{"frame_b64":"AAAA"}"#,
        ] {
            #expect(Decoded(topic, payload).reason == .badFrame)
        }
    }
}

/// The envelope of a fungal computer interface (field reference, section 9.1).
enum FungalSample {
    static let envelope =
        #"{"id":"x","channel":"device.FCI-1.telemetry","timestamp":"2024-01-01T00:00:05Z","ttl_seconds":60,"#
        + #""source":{"type":"fci","id":"FCI-1","device_serial":"1","firmware":"1.0.0"},"message_type":"fci_telemetry","#
        + #""payload":{"bioelectric":{"amplitude_uv":0.74,"rms_uv":0.5,"mean_uv":0.1,"dominant_freq_hz":1.5,"snr_db":12,"#
        + #""pattern":"growth","pattern_confidence":0.98,"sample_count":256},"environment":{"temperature_c":21.5,"#
        + #""humidity_pct":60,"voc_index":48.2},"#
        + #""status":{"uptime_ms":5000,"wifi_rssi":-61,"impedance_ohms":1200,"stimulus_active":false}}}"#
}
