import Crypto
import FieldProtocols
import GatewayModel
import GatewayTestKit
import JSONText
import Testing

@Suite struct MQTTEnvelopes {
    let topic = "mycobrain/m1/envelope"
    let json: JSON
    let cbor: [UInt8]
    let tampered: [JSON]
    let key: [UInt8]

    init() throws {
        let vectors = try JSON(parsing: Vectors.text("mycosoft/myco_envelope_v1.json"))
        let envelopes = try JSON(parsing: Vectors.text("mycosoft/json_envelope.json"))
        json = try #require(envelopes["envelopes"]?[0]?["envelope"])
        let hex = try #require(vectors["valid"]?[1]?["cbor_hex"]?.string)
        cbor = try #require(Hex.decode(hex))
        tampered = try #require(vectors["tampered"]?.array)
        let keyHex = try #require(vectors["keys"]?[0]?["public_key_hex"]?.string)
        key = try #require(Hex.decode(keyHex))
    }

    private func ack(_ decoded: Decoded) -> ReplayAck? {
        if case .observation(_, let ack) = decoded.verdict { ack } else { nil }
    }

    @Test func signedJSONIsStoredAndAcknowledged() {
        let decoded = Decoded(topic, json.bytes, policy: SignaturePolicy(publicKey: key, isRequired: true))
        #expect(decoded.number("temp") == 21.5)
        #expect(decoded.readings["temp"]?.unit == .celsius)
        #expect(decoded.observation?.flags == [.signatureValid])
        #expect(decoded.observation?.deviceSeq == 1)
        #expect(decoded.observation?.bootEvidence == .uptime(milliseconds: 1000))
        #expect(decoded.messageID == json["hdr"]?["msgId"]?.string)
        #expect(ack(decoded)?.messageID == decoded.messageID)
        #expect(ack(decoded)?.reportedID == "mycobrain-test-01")
    }

    @Test func signedCBORIsStoredAndAcknowledged() {
        for topic in [topic, "mycosoft/devices/m1/telemetry"] {
            let decoded = Decoded(topic, cbor, policy: SignaturePolicy(publicKey: key, isRequired: true))
            #expect(decoded.number("temperature") == 21.7)
            #expect(decoded.number("voc") == 0.12)
            #expect(decoded.observation?.flags == [.signatureValid])
            #expect(decoded.observation?.deviceSeq == 42)
            #expect(decoded.messageID == "67969ad7-1a85-5c00-91b0-24e522a00ec9")
            #expect(ack(decoded)?.seq == 42)
            #expect(ack(decoded)?.isAccepted == true)
        }
    }

    @Test func withoutAKnownKeyTheHashStillCounts() {
        #expect(Decoded(topic, json.bytes).observation?.flags == [])
        #expect(Decoded(topic, cbor).observation?.flags == [])
        var changed = json
        changed["seq"] = 2
        let decoded = Decoded(topic, changed.bytes)
        #expect(decoded.reason == .hashMismatch)
        #expect(decoded.refusal?.isAccepted == false)
        #expect(decoded.refusal?.reason == "hash_mismatch")
        #expect(decoded.refusal?.seq == 2)
    }

    @Test func anEnvelopeOfAKnownDeviceIsRefusedUnderAnothersName() {
        let known = SignaturePolicy(publicKey: key)
        let texts = Decoded(topic, json.bytes, others: ["mycobrain-test-01": known])
        #expect(texts.reason == .foreignEnvelope)
        #expect(Decoded("mycobrain/mycobrain-test-01/envelope", json.bytes, policy: known).observation != nil)
        let binary = Decoded(topic, cbor, others: ["myco-node-001": known])
        #expect(binary.reason == .foreignEnvelope)
        #expect(binary.refusal?.isAccepted == false)
    }

    @Test func aWrongSignatureIsRefused() {
        let other = SignaturePolicy(publicKey: [UInt8](repeating: 9, count: 32))
        #expect(Decoded(topic, json.bytes, policy: other).reason == .badSignature)
        #expect(Decoded(topic, cbor, policy: other).reason == .badSignature)
        // The names that the peers of each form use.
        #expect(Decoded(topic, json.bytes, policy: other).refusal?.reason == "signature_mismatch")
        #expect(Decoded(topic, cbor, policy: other).refusal?.reason == "bad_signature")
    }

    private func place(_ decoded: Decoded) -> [String: Reading] {
        decoded.readings.filter { $0.key.hasPrefix("gps.") }
    }

    @Test func thePlaceOfAnEnvelopeIsStoredWithIt() throws {
        let binary = Decoded(topic, cbor)
        #expect(binary.number("gps.latitude") == 32.7157 && binary.number("gps.longitude") == -117.1611)
        #expect(binary.number("gps.accuracy") == 5 && binary.readings["gps.altitude"] == nil)
        #expect(place(binary).values.map(\.unit.code).sorted() == ["deg", "deg", "m"])
        #expect(place(Decoded(topic, cbor, retained: true)).values.allSatisfy { $0.quality == .old })
        for geo in [
            #"{"lat":32.7157,"lon":-117.1611,"acc_m":5}"#, #"{"lat_e7":327157000,"lon_e7":-1171611000,"acc_m":5}"#,
            #"{"latitude":32.7157,"longitude":-117.1611,"accuracy":5}"#,
        ] {
            var text = json
            text["geo"] = try JSON(parsing: Array(geo.utf8))
            text["hash"] = nil
            text["sig"] = nil
            #expect(place(Decoded(topic, text.bytes)) == place(binary), "\(geo)")
        }
        let flat = #"{"temp_c":20,"location":{"latitude":-33.5,"longitude":151,"altitude":58}}"#
        let told = Decoded("mycosoft/devices/m1/telemetry", flat)
        #expect(told.number("gps.latitude") == -33.5 && told.number("gps.altitude") == 58)
    }

    @Test func aPlaceThatIsNotOnEarthIsLeftOutAndTold() {
        let head = #"{"hdr":{"deviceId":"d","msgId":"m"},"seq":1,"pack":[{"id":"t","v":1}],"geo":"#
        for geo in [#"{"lat":91,"lon":0}"#, #"{"lat":0,"lon":-181}"#, #"{"lat_e7":9e18,"lon_e7":0}"#] {
            let decoded = Decoded(topic, head + geo + "}")
            #expect(decoded.dropped == .numberOutOfRange && decoded.readings.count == 1, "\(geo)")
        }
        for geo in ["null", "{}", #"{"lat":1}"#, #"{"lat":"1","lon":"2"}"#, "[1,2]", #""room 4""#] {
            let decoded = Decoded(topic, head + geo + "}")
            #expect(decoded.dropped == nil && decoded.readings.count == 1, "\(geo)")
        }
    }

    @Test func anAbsentSignatureIsRefusedOnlyWhereOneIsRequired() {
        var unsigned = json
        unsigned["sig"] = nil
        #expect(Decoded(topic, unsigned.bytes, policy: SignaturePolicy(publicKey: key)).reason == nil)
        let required = SignaturePolicy(publicKey: key, isRequired: true)
        #expect(Decoded(topic, unsigned.bytes, policy: required).reason == .signatureRequired)
        #expect(Decoded(topic, #"{"a":1}"#, policy: required).reason == .signatureRequired)
        #expect(
            Decoded(topic, json.bytes, policy: SignaturePolicy(publicKey: nil, isRequired: true)).reason
                == .signatureRequired)
    }

    @Test func everyTamperedVectorIsRefused() throws {
        for vector in tampered {
            let bytes = try #require(Hex.decode(vector["cbor_hex"]?.string ?? ""))
            let decoded = Decoded(topic, bytes, policy: SignaturePolicy(publicKey: key, isRequired: true))
            let wanted = vector["expected_error"]?.string
            #expect(decoded.reason?.name == (wanted == "missing_hash_or_signature" ? "signature_required" : wanted))
        }
    }

    @Test func malformedTelemetryOfSideAIsMendedAndFlagged() {
        let text =
            #"{"hdr":{"deviceId":"mycobrain-side-a","proto":"other","msgId":"s-1"},"ts":{"utc":"52","mono_ms":52000},"seq":4,"#
            + #""pack":[{"id":"ai1_v","v":1.25,"u":"V"}]},"hash":"sha256:00","sig":"ed25519:AA=="}"#
        let decoded = Decoded(topic, text)
        #expect(decoded.number("ai1_v") == 1.25)
        #expect(decoded.observation?.flags == [.repaired, .hashInvalid])
        #expect(decoded.observation?.deviceTime == nil)
        #expect(decoded.observation?.deviceSeq == 4)
    }
}
