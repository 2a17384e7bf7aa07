import Crypto
import FieldProtocols
import GatewayModel
import JSONText
import Testing

@Suite struct MASEnvelopes {
    private func envelope(_ record: StoredRecord) throws -> JSON {
        var renderer = MASEnvelope(gateway: "gw", epoch: "e")
        let rendered = renderer.body(record)
        let body = try JSON(parsing: try #require(rendered))
        return try #require(body["envelope"])
    }

    @Test func theBodyPassesTheChecksOfTheReceiver() throws {
        var record = RecordsAsJSON.record()
        let odd = try #require(MetricName("soil.feuchte_ü"))
        record.readings += [
            Reading(RecordsAsJSON.metric, .flag(true), quality: .bad), Reading(odd, .text("ß"), quality: .stale),
            Reading(odd, .number(1e-7), quality: .warn), Reading(odd, .number(22.0)),
        ]
        let envelope = try envelope(record)
        let outcome = try JSONParser().withParsed(envelope.text) { value in
            try? JSONEnvelope.verify(value, publicKey: nil, demand: .whatIsThere)
        }
        #expect(outcome == EnvelopeIntegrity(hash: .valid, signature: .absent))
        #expect(envelope["hdr"]?["deviceId"] == "mycobrain-01")
        #expect(envelope["hdr"]?["proto"] == "mqtt")
        #expect(envelope["seq"] == 12)
        #expect(envelope["ts"] == ["mono_ms": 8_123_456, "utc": "2026-01-15T14:30:00.123Z"])
        #expect(envelope["meta"] == ["schema": "mycosoft.v1", "units": "si"])
        #expect(envelope["pack"]?[0] == ["id": "bme688_a.temperature", "q": 0, "u": "Cel", "v": 22.5])
        #expect(envelope["pack"]?[1]?["v"] == 1)
        #expect(envelope["pack"]?[1]?["q"] == 2)
        #expect(envelope["pack"]?[2]?["q"] == 1)
        #expect(envelope["pack"]?[4]?["v"] == 22)
        var bare = envelope
        bare["hash"] = nil
        #expect(envelope["hash"]?.string == "sha256:" + Hex.encode(SHA256.hash(bare.pythonCanonicalBytes)))
    }

    @Test func aRetryIsTheSameRequestToTheByte() {
        var first = MASEnvelope(gateway: "gw", epoch: "e")
        var second = MASEnvelope(gateway: "gw", epoch: "e")
        let record = RecordsAsJSON.record()
        #expect(first.body(record) == second.body(record))
        #expect(first.body(record) == second.body(record))
    }

    @Test func aRecordWithoutADeviceHasNoEnvelope() {
        var renderer = MASEnvelope(gateway: "gw", epoch: "e")
        var record = RecordsAsJSON.record()
        record.device = nil
        #expect(renderer.body(record) == nil)
    }

    @Test func whatIsRenderedOnceForAMetricNeverStandsForAnotherUnitOrQuality() throws {
        var renderer = MASEnvelope(gateway: "gw", epoch: "e")
        let metric = try #require(MetricName("kiln.temperature"))
        func pack(_ unit: Unit, _ quality: Quality) throws -> JSON? {
            var record = RecordsAsJSON.record()
            record.readings = [Reading(metric, .number(7), unit: unit, quality: quality)]
            let body = renderer.body(record)
            return try JSON(parsing: try #require(body))["envelope"]?["pack"]?[0]
        }
        for _ in 0..<2 {
            #expect(try pack(.celsius, .ok) == ["id": "kiln.temperature", "q": 0, "u": "Cel", "v": 7])
            #expect(try pack(.celsius, .bad) == ["id": "kiln.temperature", "q": 2, "u": "Cel", "v": 7])
            #expect(try pack(.one, .ok) == ["id": "kiln.temperature", "q": 0, "u": "1", "v": 7])
        }
    }
}
