import Crypto
import GatewayTestKit
import JSONText
import Testing

@testable import FieldProtocols

@Suite struct CaptureDecoderTests {
    /// What `decode` would print, and whether it would exit with 0.
    static func decode(
        _ bytes: [UInt8], _ format: CaptureDecoder.Format, _ options: CaptureDecoder.Options = .init()
    ) -> (lines: [JSON], isGood: Bool) {
        var lines: [JSON] = []
        let isGood = bytes.withUnsafeBytes { input in
            CaptureDecoder.decode(input, as: format, options: options) { line in
                if let json = try? JSON(parsing: line) { lines.append(json) } else { Issue.record("\(line)") }
            }
        }
        return (lines, isGood)
    }

    // MARK: - MDP

    @Test(arguments: MDPVectors.valid, [CaptureDecoder.Format.mdp, .mdpStream])
    func everyValidFrameIsPrintedAsTheVectorsSay(vector: Vector, format: CaptureDecoder.Format) throws {
        let (lines, isGood) = Self.decode(MDPVectors.wire(vector), format)
        #expect(isGood)
        try #require(lines.count == 1)
        let expected = try #require(vector["expected"])
        for key in ["msg_type", "msg_type_name", "version", "seq", "ack", "flags", "src", "dst", "payload_hex"] {
            #expect(lines[0][key] == expected[key])
        }
        #expect(lines[0]["payload"] == (expected["payload_json"] ?? .null))
        if expected["payload_format"]?.string?.hasPrefix("binary_") == true { #expect(lines[0]["fields"] != nil) }
    }

    @Test(arguments: MDPVectors.corrupt)
    func everyCorruptFrameGetsItsError(vector: Vector) throws {
        for format in [CaptureDecoder.Format.mdp, .mdpStream] {
            let (lines, isGood) = Self.decode(MDPVectors.wire(vector), format)
            if vector.id == "ascii-then-frame" {
                #expect(isGood)
                #expect(lines.last?["seq"] == 2)
                #expect(lines.first?["text"] == "I2C: SDA=5 SCL=4 @ 100000 Hz")
                continue
            }
            #expect(!isGood)
            #expect(lines.count == 1)
            #expect(lines.first?["error"] == vector["expected_error"])
            #expect(lines.first?["at"] == 0)
            if vector["layer"] == "payload" { #expect(lines.first?["msg_type_name"] != nil) }
        }
    }

    @Test func aZeroAnywhereInAFrameLeavesTwoBadFragments() {
        let frame = MDPVectors.valid("ack-ok")
        for position in 1..<frame.count - 1 {
            let (lines, isGood) = Self.decode(Array(frame[..<position] + [0] + frame[position...]), .mdp)
            #expect(!isGood && lines.compactMap { $0["error"]?.string } == ["two_bad_fragments"], "\(position)")
        }
        // Two frames that are each broken for themselves are no halves.
        let broken = Array(frame[..<20]) + [0]
        #expect(Self.decode(broken + broken, .mdp).lines.count == 2)
    }

    @Test func aFileIsDigitsOnlyIfNothingElseIsInIt() {
        for format in [CaptureDecoder.Format.mdp, .mmp, .envelope, .cayenne, .semtech] {
            #expect(format.bytes(ofFile: Array("03 67\r\n01\t10\n".utf8)) == [0x03, 0x67, 0x01, 0x10])
            #expect(format.bytes(ofFile: [0x44, 0x64, 0, 0, 0, 0]) == [0x44, 0x64, 0, 0, 0, 0])
        }
        #expect(CaptureDecoder.Format.lines.bytes(ofFile: Array("0367".utf8)) == Array("0367".utf8))
    }

    @Test func severalFramesAreAllPrinted() {
        let (lines, isGood) = Self.decode(MDPVectors.valid("ack-ok") + [0] + MDPVectors.valid("event-estop"), .mdp)
        #expect(isGood)
        #expect(lines.compactMap { $0["msg_type_name"]?.string } == ["ACK", "EVENT"])
    }

    @Test func theMixedStreamIsPrintedInOrder() {
        let (lines, isGood) = Self.decode(MDPVectors.mixedStream, .mdpStream)
        #expect(!isGood)
        #expect(lines.compactMap { $0["seq"]?.int64 } == [1, 4, 2, 43, 44, 46])
        #expect(lines.filter { $0["text"] != nil }.count == 8)
        #expect(lines.compactMap { $0["error"]?.string } == ["garbage", "cobs_truncated_or_crc_mismatch"])
        #expect(lines.compactMap { $0["error"] == nil ? nil : $0["at"]?.int64 } == [76, 1321])
    }

    @Test func malformedTelemetryIsPrintedMended() {
        let frame = BoardFrames.frame(.telemetry, seq: 1, #"{"seq":1},"hash":"sha256:00","sig":"x"}"#)
        let (lines, isGood) = Self.decode(frame, .mdp)
        #expect(isGood)
        #expect(lines.first?["repaired"] == true)
        #expect(lines.first?["payload"]?["hash"] == "sha256:00")
    }

    @Test func nothingIsIncomplete() {
        for format in [CaptureDecoder.Format.mdp, .mdpStream, .mmp] {
            #expect(Self.decode([], format).lines.first?["error"] == "incomplete")
        }
        #expect(Self.decode(Array("hello".utf8), .mdp).lines.first?["error"] == "incomplete")
    }

    // MARK: - Lines

    @Test(arguments: LineSession.all)
    func everyLineIsPrintedWithItsClass(session: LineSession) {
        let (lines, isGood) = Self.decode(session.bytes, .lines)
        #expect(isGood)
        #expect(lines.compactMap { $0["class"]?.string } == session.classes)
        #expect(lines.compactMap { $0["line"]?.int } == Array(1...session.classes.count))
        #expect(lines.allSatisfy { $0["generation"]?.string == session.generation?.rawValue })
        #expect(lines.allSatisfy { $0["readings"]?.array != nil })
        let forced = Self.decode(session.bytes, .lines, .init(generation: .g6)).lines
        #expect(forced.allSatisfy { $0["generation"] == "g6" })
    }

    @Test func readingsArePrintedAsRecordsHaveThem() {
        let line = #"{"ts_ms":30412,"sensor":"ENV","addr":"0x76","tC":21.02,"p_hPa":nan}"# + "\n"
        #expect(
            Self.decode(Array(line.utf8), .lines).lines.first?.text == """
                {"line":1,"class":"json_invalid_nan","generation":"g1","readings":\
                [{"id":"bme688_b.temperature","v":21.02,"u":"Cel","q":"ok"}],"flags":["repaired"]}
                """)
    }

    // MARK: - Envelopes

    static let envelopes = MDPVectors.cases("mycosoft/myco_envelope_v1.json", "valid")
    static let tampered = MDPVectors.cases("mycosoft/myco_envelope_v1.json", "tampered")
    static let json = MDPVectors.cases("mycosoft/json_envelope.json", "envelopes")
    static let mmp = MDPVectors.cases("mycosoft/mmp_v1.json", "frames")

    static func key(_ id: JSON?) -> [UInt8]? {
        let keys = MDPVectors.cases("mycosoft/myco_envelope_v1.json", "keys")
        return keys.first { $0["id"] == id }?["public_key_hex"]?.string.flatMap { Hex.decode($0) }
    }

    @Test(arguments: envelopes)
    func everyEnvelopeIsPrintedAsTheVectorsSay(vector: Vector) throws {
        let bytes = MDPVectors.wire(vector, "cbor_hex")
        let (lines, isGood) = Self.decode(bytes, .envelope, .init(publicKey: Self.key(vector["key"])))
        #expect(isGood)
        let printed = try #require(lines.first)
        for member in try #require(vector["decoded"]?.members) where member.key != "readings" {
            #expect(printed[member.key] == member.value)
        }
        let expected = vector["decoded"]?["readings"]?.array ?? []
        #expect(printed["readings"]?.count == expected.count)
        for (index, reading) in expected.enumerated() {
            for key in ["id", "vi", "vs", "unit", "q"] { #expect(printed["readings"]?[index]?[key] == reading[key]) }
            #expect(printed["readings"]?[index]?["value"]?.double == reading["value"]?.double)
        }
        #expect(printed["hash"] == "valid")
        #expect(printed["signature"] == "valid")
        #expect(Self.decode(bytes, .envelope).lines.first?["signature"] == "unchecked")
    }

    @Test(arguments: tampered)
    func everyTamperedEnvelopeGetsItsError(vector: Vector) {
        let options = CaptureDecoder.Options(publicKey: Self.key(vector["verify_with"]))
        let (lines, isGood) = Self.decode(MDPVectors.wire(vector, "cbor_hex"), .envelope, options)
        #expect(!isGood)
        #expect(lines.first?["error"] == vector["expected_error"])
    }

    @Test(arguments: json)
    func everyJSONEnvelopeGetsItsVerdict(vector: Vector) {
        let options = CaptureDecoder.Options(publicKey: Self.key(vector["verify_with"]))
        let (lines, isGood) = Self.decode(vector["envelope"]?.bytes ?? [], .envelopeJSON, options)
        #expect(lines.count == 1)
        if vector["expected"] == "ok" {
            #expect(isGood)
            #expect(lines.first?["signature"] == "valid")
            #expect(lines.first?["deviceId"] == vector["envelope"]?["hdr"]?["deviceId"])
        } else {
            #expect(!isGood)
            #expect(lines.first?["error"] == vector["expected"])
        }
    }

    @Test(arguments: mmp)
    func everyMMPFrameGetsItsVerdict(vector: Vector) throws {
        let (lines, isGood) = Self.decode(MDPVectors.wire(vector), .mmp)
        guard vector["expected"] == "ok" else {
            #expect(!isGood)
            #expect(lines.first?["error"] == vector["expected"])
            return
        }
        #expect(isGood)
        for member in try #require(vector["fields"]?.members) { #expect(lines.first?[member.key] == member.value) }
    }

    // MARK: - Bad input

    @Test(arguments: CaptureDecoder.Format.allCases)
    func whateverIsGivenIsAnsweredInJSON(format: CaptureDecoder.Format) {
        var random = SeededRandom(seed: 11)
        let seeds: [[UInt8]] =
            [MDPVectors.mixedStream] + Self.envelopes.map { MDPVectors.wire($0, "cbor_hex") }
            + Self.mmp.map { MDPVectors.wire($0) } + Self.json.map { $0["envelope"]?.bytes ?? [] }
            + LineSession.all.map(\.bytes)
        for round in 0..<150 { _ = Self.decode(random.mutated(seeds[round % seeds.count]), format) }
    }
}
