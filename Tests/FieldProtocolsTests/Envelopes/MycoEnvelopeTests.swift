import Crypto
import FieldProtocols
import GatewayModel
import GatewayTestKit
import JSONText
import Testing

@Suite struct MycoEnvelopes {
    let vectors: JSON
    let keys: [String: JSON]

    init() throws {
        vectors = try JSON(parsing: Vectors.text("mycosoft/myco_envelope_v1.json"))
        keys = Dictionary(uniqueKeysWithValues: (vectors["keys"]?.array ?? []).map { ($0["id"]?.string ?? "", $0) })
    }

    private func bytes(_ value: JSON?, _ key: String) throws -> [UInt8] {
        let text = try #require(value?[key]?.string)
        return try #require(Hex.decode(text))
    }

    @Test func everyValidEnvelopeDecodesAsItsVectorSays() throws {
        let valid = try #require(vectors["valid"]?.array)
        #expect(valid.count >= 9)
        for vector in valid {
            let envelope = try MycoEnvelope.decode(bytes(vector, "cbor_hex"))
            let decoded = vector["decoded"]
            #expect(envelope.deviceID == decoded?["deviceId"]?.string)
            #expect(Int64(envelope.transport) == decoded?["proto"]?.int64)
            #expect(UUIDText.text(of: envelope.messageID) == decoded?["msgId"]?.string)
            #expect(envelope.milliseconds == decoded?["t_ms"]?.int64)
            #expect(Int64(envelope.seq) == decoded?["seq"]?.int64)
            #expect(envelope.monotonicMilliseconds == decoded?["mono_ms"]?.uint64)
            #expect(envelope.place?.latitudeE7 == decoded?["geo"]?["lat_e7"]?.int64)
            #expect(envelope.place?.longitudeE7 == decoded?["geo"]?["lon_e7"]?.int64)
            let readings = try #require(decoded?["readings"]?.array)
            #expect(envelope.readings.map(\.value) == readings.compactMap { $0["value"]?.double })
            #expect(envelope.readings.map { Int64($0.quality) } == readings.compactMap { $0["q"]?.int64 })
        }
    }

    @Test func everyValidEnvelopeEncodesToTheSameBytes() throws {
        for vector in try #require(vectors["valid"]?.array) {
            var envelope = try MycoEnvelope.decode(bytes(vector, "cbor_hex"))
            #expect(try envelope.encoded == bytes(vector, "cbor_hex"))
            #expect(try envelope.unsignedBytes == bytes(vector, "unsigned_cbor_hex"))
            let key = keys[vector["key"]?.string ?? ""]
            try envelope.verify(publicKey: bytes(key, "public_key_hex"))
            envelope.sign(seed: try bytes(key, "private_seed_hex_TEST_ONLY"))
            #expect(try envelope.encoded == bytes(vector, "cbor_hex"))
        }
    }

    @Test func everyTamperedEnvelopeIsRefusedByItsName() throws {
        let tampered = try #require(vectors["tampered"]?.array)
        #expect(tampered.count >= 7)
        for vector in tampered {
            let key = try bytes(keys[vector["verify_with"]?.string ?? ""], "public_key_hex")
            let error = #expect(throws: MycoEnvelopeError.self) {
                try MycoEnvelope.decode(bytes(vector, "cbor_hex")).verify(publicKey: key)
            }
            #expect(error?.code.rawValue == vector["expected_error"]?.string, "\(vector["id"]?.string ?? "")")
        }
    }

    @Test(arguments: [
        ("a0", "schema_error"), ("", "cbor_error"), ("bf00ff", "cbor_error"), ("a1180001", "cbor_error"),
        ("a2010000", "cbor_error"), ("a100f93c00", "schema_float_not_allowed"), ("a10002", "unsupported_version"),
        ("a10100", "schema_error"), ("a1c001", "schema_error"), ("a118ff00", "schema_error"),
        ("bb7fffffffffffffff", "cbor_error"), ("a1016180", "cbor_error"),
    ])
    func brokenBytesAreRefusedByName(hex: String, code: String) throws {
        let bytes = try #require(Hex.decode(hex))
        let error = #expect(throws: MycoEnvelopeError.self) { try MycoEnvelope.decode(bytes) }
        #expect(error?.code.rawValue == code)
    }

    @Test func mutatedEnvelopesNeverTrapAndNeverPassTheHash() throws {
        var random = SeededRandom(seed: 4)
        for vector in try #require(vectors["valid"]?.array) {
            let good = try bytes(vector, "cbor_hex")
            for _ in 0..<2_000 {
                let bad = random.mutated(good)
                guard bad != good, let envelope = try? MycoEnvelope.decode(bad) else { continue }
                #expect(envelope.encoded == bad)
                if bad.prefix(good.count - 70) != good.prefix(good.count - 70), envelope.hash != nil {
                    #expect(envelope.integrity(publicKey: nil).hash == .invalid)
                }
            }
        }
    }

    @Test func codesHaveStableNamesAndUnits() throws {
        let device = try #require(DeviceID("envelope-codes").flatMap { DeviceName($0) })
        #expect(EnvelopeCodes.metric(.code(1), by: device)?.text == "temperature")
        #expect(EnvelopeCodes.metric(.code(10), by: device)?.text == "battery")
        #expect(EnvelopeCodes.metric(.code(11), by: device)?.text == "sensor_11")
        #expect(EnvelopeCodes.metric(.code(.max), by: device)?.text == "sensor_18446744073709551615")
        #expect(EnvelopeCodes.metric(.text("bme688_a.iaq"), by: device)?.text == "bme688_a.iaq")
        #expect(EnvelopeCodes.unit(.code(1), by: device)?.code == "Cel")
        #expect(EnvelopeCodes.unit(.code(8), by: device)?.code == "mV")
        #expect(EnvelopeCodes.unit(.code(9), by: device)?.code == "{unit_9}")
        #expect(EnvelopeCodes.unit(.text("°C"), by: device)?.code == "Cel")
    }
}
