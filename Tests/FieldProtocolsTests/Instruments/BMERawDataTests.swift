import GatewayModel
import GatewayTestKit
import JSONText
import Testing

@testable import FieldProtocols

@Suite struct BMERawDataTests {
    static func sample() throws -> [UInt8] { try Vectors.bytes("instruments/sample.bmerawdata.json") }

    private static func read(_ bytes: [UInt8]) throws -> BMERawFile {
        try bytes.withUnsafeBytes { try BMERawFile.read($0) }
    }

    @Test func theSampleIsReadRowByRowByTheKeysOfItsColumns() throws {
        let bytes = try Self.sample()
        let (lines, isGood) = CaptureDecoderTests.decode(bytes, .bmerawdata)
        #expect(isGood)
        let root = try JSON(parsing: bytes)
        let keys = try #require(root["rawDataBody"]?["dataColumns"]?.array).compactMap { $0["key"]?.string }
        let rows = try #require(root["rawDataBody"]?["dataBlock"]?.array)
        try #require(lines.count == rows.count + 1)
        #expect(lines[0]["board_id"] == "246F28AABBCC")
        for (line, row) in zip(lines.dropFirst(), rows) {
            for (key, cell) in zip(keys, try #require(row.array)) {
                let expected: JSON = key == "scanning_enabled" ? .bool(cell == 1) : cell
                #expect(line[key] == expected, "\(key)")
            }
            #expect(line["heater_profile"] == "heater_354")
        }
    }

    @Test func columnsInAnotherOrderMeanTheSame() throws {
        var root = try JSON(parsing: try Self.sample())
        let columns = try #require(root["rawDataBody"]?["dataColumns"]?.array)
        let rows = try #require(root["rawDataBody"]?["dataBlock"]?.array)
        var body = try #require(root["rawDataBody"])
        body["dataColumns"] = .array(columns.reversed())
        body["dataBlock"] = .array(rows.map { .array(($0.array ?? []).reversed()) })
        root["rawDataBody"] = body
        #expect(try Self.read(root.bytes).rows == Self.read(try Self.sample()).rows)
    }

    @Test func ofAFileCutAnywhereEveryWholeRowIsKept() throws {
        let bytes = try JSON(parsing: try Self.sample()).bytes
        let whole = try Self.read(bytes)
        let block = try #require(bytes.firstRange(of: Array(#""dataBlock":["#.utf8)))
        let blockStart = block.upperBound
        var best = 0
        for end in blockStart..<bytes.count {
            let rowsClosed = bytes[blockStart..<end].count { $0 == UInt8(ascii: "]") }
            let file = try Self.read(Array(bytes[..<end]))
            #expect(file.cutAt != nil)
            #expect(file.rows == Array(whole.rows.prefix(min(rowsClosed, whole.rows.count))))
            best = max(best, file.rows.count)
            // Blocks that were never written read as zeros.
            let padded = try Self.read(Array(bytes[..<end]) + [0, 0, 0, 0])
            #expect(padded.rows == file.rows)
        }
        #expect(best == whole.rows.count)
        let (lines, isGood) = CaptureDecoderTests.decode(Array(bytes.dropLast(3)), .bmerawdata)
        #expect(!isGood && lines.last?["error"] == "truncated")
    }

    @Test func everyGasValueIsStoredWithProfileStepAndCycle() throws {
        let file = try Self.read(try Self.sample())
        var readings = BMERawReadings(file)
        let device = try #require(BMERawReadings.device(of: file).flatMap { DeviceName($0) })
        #expect(device.text == "bme-246f28aabbcc")
        var batch = ObservationBatch()
        let now = ReceiveTime(wall: Timestamp(milliseconds: 1, trusted: true), monotonicMilliseconds: 1)
        var ids: Set<[UInt8]> = []
        for row in file.rows {
            let isStored = readings.append(row, of: device, at: now, to: &batch)
            #expect(isStored)
            let observation = try #require(batch.observations.last)
            ids.insert(Array(batch.bytes[observation.messageID]))
            let names = batch.readings[observation.readings].map(\.metric.text)
            if names.contains("bme_0.gas_resistance") {
                #expect(Set(["bme_0.heater_profile", "bme_0.heater_step", "bme_0.scanning_cycle"]).isSubset(of: names))
            }
        }
        #expect(ids.count == file.rows.count)
        #expect(batch.observations[0].deviceTime?.milliseconds == 1_777_889_730_000)
        // The clock counts seconds, the time since power-on knows better.
        #expect(batch.observations[1].deviceTime?.milliseconds == 1_777_889_731_400)
        #expect(
            batch.observations.last.map {
                batch.readings[$0.readings].contains { $0.metric.text == "bme_0.error_code" }
            } == true)
    }

    @Test func whatIsNoRawDataIsRefusedByName() {
        for (text, code) in [
            ("", "malformed_json"), ("{}", "not_raw_data"), ("[1]", "not_raw_data"), ("\u{0}\u{0}", "malformed_json"),
            (#"{"rawDataHeader":{},"rawDataBody":{"dataBlock":[[1]]}}"#, "missing_columns"),
        ] {
            let (lines, isGood) = CaptureDecoderTests.decode(Array(text.utf8), .bmerawdata)
            #expect(!isGood)
            #expect(lines == [["error": .string(code), "at": 0]])
        }
    }
}
