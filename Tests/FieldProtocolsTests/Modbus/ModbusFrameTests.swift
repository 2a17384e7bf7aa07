import Crypto
import FieldProtocols
import GatewayTestKit
import JSONText
import Testing

@Suite struct ModbusFrames {
    private static let vectors = Result { try JSON(parsing: Vectors.text("instruments/modbus-rtu-frames.json")) }

    private func decode(_ hex: String, as format: CaptureDecoder.Format) throws -> (lines: [JSON], isGood: Bool) {
        let bytes = try #require(Hex.decode(hex))
        var lines: [String] = []
        let isGood = bytes.withUnsafeBytes { CaptureDecoder.decode($0, as: format) { lines.append($0) } }
        return (try lines.map { try JSON(parsing: $0) }, isGood)
    }

    @Test func everyFrameDecodesAsItsVectorSays() throws {
        let frames = try #require(Self.vectors.get()["frames"]?.array)
        #expect(frames.count >= 16)
        var request = ""
        for vector in frames {
            let hex = try #require(vector["hex"]?.string)
            // The answer's bits are counted by the request before it.
            let isBits = vector["expect"]?["bits"] != nil
            let (lines, isGood) = try decode(isBits ? request + hex : hex, as: .modbusRTU)
            #expect(isGood)
            let line = try #require(lines.last)
            for member in vector["expect"]?.members ?? [] where member.key != "meaning" {
                #expect(line[member.key] == member.value, "\(vector["name"]?.string ?? ""): \(member.key)")
            }
            request = hex
        }
    }

    @Test func aFrameOfAnswersIsReadInEveryWordOrder() throws {
        for vector in try #require(Self.vectors.get()["word_orders"]?.array) {
            let (lines, isGood) = try decode(vector["frame"]?.string ?? "", as: .modbusRTU)
            #expect(isGood && lines.count == 1)
            let registers = try #require(vector["registers"]?.array?.compactMap { $0.int64.flatMap(UInt16.init) })
            #expect(lines[0]["registers"]?.array?.count == registers.count)
            let order = try #require(WordOrder(rawValue: vector["order"]?.string ?? ""))
            let isFloat = vector["type"]?.string == "float32"
            let shown = lines[0]["orders"]?[order.rawValue]?[isFloat ? "f32" : "i32"]?.double
            #expect(shown == vector["value"]?.double)
            let type = try #require(RegisterType(name: vector["type"]?.string ?? ""))
            let value = try #require(type.value(registers[...], order: order))
            #expect(type.registers(for: vector["value"]?.double ?? 0, order: order) == registers)
            if case .integer(let value) = value { #expect(value == vector["value"]?.int64) }
        }
    }

    @Test func framesOfTCPAreCutByTheirLength() throws {
        let vectors = try #require(Self.vectors.get()["modbus_tcp"]?.array)
        let kinds: [[String]] = [["request"], ["response"], ["exception"], ["response", "response"]]
        for (vector, expected) in zip(vectors, kinds) {
            let (lines, isGood) = try decode(vector["hex"]?.string ?? "", as: .modbusTCP)
            #expect(isGood)
            #expect(lines.compactMap { $0["kind"]?.string } == expected)
        }
        let (request, _) = try decode("000100000006010400010002", as: .modbusTCP)
        #expect(request[0].text == #"{"transaction":1,"unit":1,"kind":"request","fc":4,"start":1,"count":2}"#)
    }

    @Test func damagedFramesSayWhatIsWrong() throws {
        let malformed = try #require(Self.vectors.get()["malformed"]?.array)
        for (vector, code) in zip(malformed, ["crc_mismatch", "too_short", "length_mismatch"]) {
            let (lines, isGood) = try decode(vector["hex"]?.string ?? "", as: .modbusRTU)
            #expect(!isGood)
            #expect(lines.map { $0["error"]?.string } == [code])
        }
        for (hex, code) in [
            ("000100010006010400010002", "bad_protocol"), ("0001000000060104000100", "too_short"),
            ("000100000001ff0000", "length_mismatch"), ("000100000104010400010002", "oversized"),
            ("00010000000601040001007e", "bad_count"), ("0001000000030155aa", "unknown_function"),
        ] {
            let (lines, isGood) = try decode(hex, as: .modbusTCP)
            #expect(!isGood && lines.first?["error"]?.string == code, "\(hex): \(lines.map(\.text))")
        }
    }

    @Test func aDamagedFrameIsOneErrorAndTheNextIsRead() throws {
        let (lines, isGood) = try decode("010400010002200c" + "010404013102222ace", as: .modbusRTU)
        #expect(!isGood && lines.count == 2)
        #expect(lines.first?.text == #"{"error":"crc_mismatch","at":0}"#)
        #expect(lines.last?["registers"]?.array?.count == 2)
        // Answers that were cut are too short, also where a request would be long enough.
        for cut in ["01040401310222", "0103143031323334353637", "0402000000"] {
            #expect(try decode(cut, as: .modbusRTU).lines.map { $0["error"]?.string } == ["too_short"], "\(cut)")
        }
    }

    @Test func silencesAreThoseOfTheSpecification() throws {
        for vector in try #require(Self.vectors.get()["inter_frame"]?.array) {
            let baud = try #require(vector["baud"]?.int)
            #expect(ModbusTiming.withinFrame(baud: baud) == vector["t1_5_us"]?.int)
            #expect(ModbusTiming.betweenFrames(baud: baud) == vector["t3_5_us"]?.int)
        }
    }

    @Test func everyFunctionIsToldByItsShape() throws {
        let shapes = [
            ("0105001eff00", "write_single"), ("010f0013000a02cd01", "write_multiple"),
            ("010f0013000a", "write_multiple_response"), ("0116000400f20025", "mask_write"),
            ("01170003000600 0e0003 06 00ff00ff00ff", "read_write"), ("0107", "other"), ("012b0e0100", "other"),
            ("0118000a", "other"), ("012b0e01010000010002 4142", "other"),
        ]
        for (body, kind) in shapes {
            let bytes = ModbusCRC.appended(to: try #require(Hex.decode(body.filter { $0 != " " })))
            let (lines, isGood) = try decode(Hex.encode(bytes), as: .modbusRTU)
            #expect(isGood && lines.count == 1 && lines[0]["kind"]?.string == kind, "\(body): \(lines.map(\.text))")
        }
    }
}
