import Crypto
import JSONText
import Testing

@testable import FieldProtocols

/// What `mycogate decode` prints for the vectors of conventions.
@Suite struct ConventionCaptureTests {
    private func lines(of vectors: [Vector]) -> [UInt8] {
        Array(vectors.map { $0.json.text }.joined(separator: "\n").utf8)
    }

    @Test func theSparkplugSessionIsPrintedAsTheVectorsSay() throws {
        let (lines, isGood) = CaptureDecoderTests.decode(lines(of: ConventionVectors.sparkplug), .sparkplug)
        #expect(isGood)
        try #require(lines.count == ConventionVectors.sparkplug.count)
        for (line, vector) in zip(lines, ConventionVectors.sparkplug) {
            for member in vector["expect"]?.members ?? [] {
                for inner in member.value.members ?? [] {
                    #expect(line[member.key]?[inner.key].map(Self.number) == Self.number(inner.value), "\(inner.key)")
                }
                if member.value.members == nil {
                    #expect(line[member.key].map(Self.number) == Self.number(member.value))
                }
            }
        }
        #expect(lines[2]["metrics"]?["Environment/CO2"]?.int == 415, "aliases are resolved")
        let array = MDPVectors.file("instruments/sparkplug-b.json")?.bytes ?? []
        #expect(CaptureDecoderTests.decode(array, .sparkplug).lines == lines, "the array as it stands is taken too")
    }

    /// 5 and 5.0 are the same to JSON.
    private static func number(_ value: JSON) -> JSON { value.double.map { .number($0) } ?? value }

    @Test func aBarePayloadAndABrokenOneAreToldApart() {
        let payload = MDPVectors.wire(ConventionVectors.sparkplug[1], "hex")
        let (lines, isGood) = CaptureDecoderTests.decode(payload, .sparkplug)
        #expect(isGood && lines.first?["metrics"]?["Counters/Boot"]?.int == -5)
        let broken = CaptureDecoderTests.decode(Array(payload.dropLast(3)), .sparkplug)
        #expect(!broken.isGood && broken.lines.first?["error"]?.string == "truncated")
        #expect(broken.lines.first?["at"]?.int != nil)
    }

    @Test func senMLAndLineProtocolArePrintedAsTheVectorsSay() throws {
        let pack = try #require(ConventionVectors.mqtt.first { $0["convention"] == "senml-json" })
        let (lines, isGood) = CaptureDecoderTests.decode(ConventionVectors.payload(pack), .senml)
        #expect(isGood)
        for (line, expected) in zip(lines, pack["expect"]?.array ?? []) {
            for member in expected.members ?? [] {
                #expect(line[member.key].map(Self.number) == Self.number(member.value))
            }
        }
        #expect(lines.count == 4)
        for vector in ConventionVectors.mqtt where vector["convention"] == "influx-line" {
            let (lines, isGood) = CaptureDecoderTests.decode(ConventionVectors.payload(vector), .influx)
            #expect(isGood && lines.count == 1)
            for member in vector["expect"]?.members ?? [] where member.key != "fields" {
                #expect(lines.first?[member.key] == member.value)
            }
            for field in vector["expect"]?["fields"]?.members ?? [] {
                let expected = field.value.string?.hasSuffix("(u64)") == true ? JSON.unsigned(.max) : field.value
                #expect(lines.first?["fields"]?[field.key].map(Self.number) == Self.number(expected))
            }
        }
    }

    @Test func messagesOfEachConventionArePrinted() throws {
        func decode(_ name: String, _ format: CaptureDecoder.Format) -> [JSON] {
            let vectors = ConventionVectors.mqtt.filter { $0["convention"]?.string?.hasPrefix(name) == true }
            let (lines, isGood) = CaptureDecoderTests.decode(lines(of: vectors), format)
            #expect(isGood && lines.count == vectors.count)
            return lines
        }
        let tasmota = decode("tasmota", .tasmota)
        #expect(tasmota[0]["device"] == "tasmota_A1B2C3" && tasmota[0]["local_time"] == "2026-05-04T10:15:30")
        #expect(tasmota[0]["readings"]?.count == 5 && tasmota[2]["online"] == true)
        let homie = decode("homie", .homie)
        #expect(homie[0]["state"] == "ready" && homie[0]["online"] == true)
        #expect(homie[1]["properties"]?["air.co2"]?["datatype"] == "integer")
        #expect(homie[2]["readings"]?[0]?["u"] == "Cel" && homie[3]["datatype"] == "float")
        let announced = decode("home-assistant", .homeassistant)
        #expect(announced[0]["entities"]?[0]?["state_topic"] == "env/01/state")
        #expect(
            announced[0]["entities"]?[0]?["unit"] == "Cel"
                && announced[0]["entities"]?[0]?["expire_after"]?.double == 300)
        #expect(announced[1]["readings"]?[0]?["v"]?.double == 21.4)
        let (all, isGood) = CaptureDecoderTests.decode(lines(of: ConventionVectors.mqtt), .mqtt)
        #expect(isGood && all.count == ConventionVectors.mqtt.count, "\(all)")
    }

    @Test func badLinesOfACaptureAreSaidAndTheRestIsDecoded() {
        let text =
            #"{"topic":"tele/a/LWT","payload":"Online"}"# + "\n{\n" + #"{"topic":"x","payload":"1"}"# + "\n"
            + #"{"topic":"tele/a/LWT","payload_hex":"4"}"#
        let (lines, isGood) = CaptureDecoderTests.decode(Array(text.utf8), .tasmota)
        #expect(!isGood)
        #expect(lines.map { $0["error"]?.string } == [nil, "malformed_json", "unclaimed_topic", "bad_hex"])
    }
}
