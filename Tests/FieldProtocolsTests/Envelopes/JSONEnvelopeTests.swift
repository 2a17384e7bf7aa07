import Crypto
import FieldProtocols
import GatewayModel
import GatewayTestKit
import JSONText
import Testing

@Suite struct JSONEnvelopes {
    let vectors: JSON
    let keys: [String: [UInt8]]

    init() throws {
        vectors = try JSON(parsing: Vectors.text("mycosoft/json_envelope.json"))
        let list = try JSON(parsing: Vectors.text("mycosoft/myco_envelope_v1.json"))["keys"]?.array ?? []
        keys = Dictionary(
            uniqueKeysWithValues: list.map {
                ($0["id"]?.string ?? "", Hex.decode($0["public_key_hex"]?.string ?? "") ?? [])
            })
    }

    private func outcome(
        _ text: String, key: [UInt8]?, demand: JSONEnvelope.Demand = .everyKey
    ) throws -> String {
        try JSONParser().withParsed(text) { value in
            do throws(JSONEnvelopeError) {
                let integrity = try JSONEnvelope.verify(value, publicKey: key, demand: demand)
                return integrity.signature == .valid ? "ok" : integrity.signature.rawValue
            } catch {
                return error.code
            }
        }
    }

    @Test func everyEnvelopeIsJudgedAsItsVectorSays() throws {
        let envelopes = try #require(vectors["envelopes"]?.array)
        #expect(envelopes.count >= 7)
        for vector in envelopes {
            let envelope = try #require(vector["envelope"])
            #expect(
                try outcome(envelope.text, key: keys[vector["verify_with"]?.string ?? ""]) == vector["expected"]?.string
            )
        }
    }

    @Test func theCanonicalTextIsPythons() throws {
        for vector in try #require(vectors["envelopes"]?.array) {
            guard let canonical = vector["canonical_unsigned_utf8"]?.string else { continue }
            let envelope = try #require(vector["envelope"])
            let text = try JSONParser().withParsed(envelope.text) {
                String(decoding: JSONEnvelope.canonicalBytes($0), as: UTF8.self)
            }
            #expect(text == canonical)
            var bare = envelope
            bare["hash"] = nil
            bare["sig"] = nil
            #expect(bare.pythonCanonicalText == canonical)
        }
    }

    @Test func reasonsComeInTheOrderOfTheContract() throws {
        let good = try #require(vectors["envelopes"]?[0]?["envelope"])
        let key = keys["test-key-1"]
        func changed(_ name: String, _ value: JSON?) throws -> String {
            var envelope = good
            envelope[name] = value
            return try outcome(envelope.text, key: key)
        }
        #expect(try outcome("{}", key: key) == "missing_keys:hdr,ts,seq,pack,hash,sig")
        #expect(try outcome("[]", key: key) == "missing_keys:hdr,ts,seq,pack,hash,sig")
        #expect(try changed("hdr", ["deviceId": "x"]) == "missing_hdr_fields")
        #expect(try changed("seq", -1) == "invalid_seq")
        #expect(try changed("seq", 1.5) == "invalid_seq")
        #expect(try changed("pack", ["x": 1]) == "invalid_pack")
        #expect(try changed("pack", [["v": 1]]) == "invalid_pack")
        #expect(try changed("hash", "sha256:00") == "invalid_hash_field")
        #expect(try changed("hash", 5) == "invalid_hash_field")
        #expect(
            try changed("hash", .string("sha256:" + Hex.encode([UInt8](repeating: 0, count: 32)))) == "hash_mismatch")
        #expect(try changed("sig", "nothing") == "invalid_sig_field")
        #expect(try changed("sig", "rsa:AAAA") == "unsupported_signature_scheme")
        #expect(try changed("sig", "ed25519:AAAA") == "invalid_sig_field")
        let zeros = Base64.encode([UInt8](repeating: 0, count: 64))
        #expect(try changed("sig", .string("ed25519:" + zeros)) == "signature_mismatch")
        #expect(try outcome(good.text, key: nil) == "unchecked")
        #expect(try outcome(good.text, key: nil, demand: .signature) == "no_device_key")
    }

    @Test func blake2bHashesAreAccepted() throws {
        var envelope = try #require(vectors["envelopes"]?[0]?["envelope"])
        envelope["sig"] = nil
        envelope["hash"] = nil
        let digest = BLAKE2b256.hash(envelope.pythonCanonicalBytes)
        envelope["hash"] = .string("blake2b256:" + Hex.encode(digest))
        #expect(try outcome(envelope.text, key: nil, demand: .whatIsThere) == "absent")
        envelope["seq"] = 2
        #expect(try outcome(envelope.text, key: nil, demand: .whatIsThere) == "hash_mismatch")
    }

    /// The reading takes the first of two equal keys, so the hash must cover the first too.
    @Test func aDoubledKeyCannotChangeASignedValue() throws {
        let good = try #require(vectors["envelopes"]?[0]?["envelope"])
        let forged = #"{"pack":[{"id":"temp","v":99}],"# + good.text.dropFirst()
        #expect(try outcome(forged, key: keys["test-key-1"]) == "hash_mismatch")
    }

    @Test func acksAreWrittenAndReadInTheShapesOfTheContract() throws {
        let acks = try #require(vectors["acks"]?.array)
        #expect(acks.count >= 3)
        for vector in acks {
            let written = try #require(vector["ack"] ?? vector["request"])
            let read = try JSONParser().withParsed(written.text) { ReplayAck($0) }
            let ack = try #require(read)
            #expect(ack.isAccepted == written["accepted"]?.bool)
            #expect(ack.reason == written["reason"]?.string)
            guard let time = written["ackedAtUtc"]?.string else { continue }
            let milliseconds = try #require(RFC3339.milliseconds(of: time))
            let text = ack.text(at: Timestamp(milliseconds: milliseconds, trusted: true))
            #expect(try JSON(parsing: text) == written)
        }
    }
}
