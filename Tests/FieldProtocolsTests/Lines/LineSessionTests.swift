import GatewayModel
import GatewayTestKit
import JSONText
import Testing

@testable import FieldProtocols

/// A captured session with the class each of its lines must get.
struct LineSession: Sendable, CustomTestStringConvertible {
    var file: String
    var classes: [String]
    var testDescription: String { file }

    static let all: [LineSession] = MDPVectors.cases("mycosoft/serial_sessions/index.json", "sessions").map { session in
        LineSession(
            file: session["file"]?.string ?? "",
            classes: (session["expected"]?.array ?? []).compactMap { $0["cls"]?.string })
    }

    var bytes: [UInt8] { (try? Vectors.bytes("mycosoft/serial_sessions/" + file)) ?? [] }

    /// `g3` of `g3_dualmode_1.1.0.ndjson`.
    var generation: LineGeneration? { LineGeneration(rawValue: String(file.prefix { $0 != "_" })) }
}

/// A line with everything that was made of it.
struct ReadLine: Equatable {
    var lineClass: LineClass
    var readings: [Reading]

    func value(_ metric: String) -> Reading.Value? { readings.first { $0.metric.text == metric }?.value }

    static func all(
        of bytes: [UInt8], chunk: Int = .max, generation: LineGeneration? = nil
    ) -> (lines: [ReadLine], generation: LineGeneration?) {
        var splitter = LineSplitter()
        var classifier = LineClassifier(generation: generation)
        var lines: [ReadLine] = []
        func add(_ line: LineSplitter.Line) {
            line.bytes.withUnsafeBytes { bytes in
                var batch = ObservationBatch()
                let classified = classifier.classify(bytes, isWhole: line.isWhole)
                LineReadings.append(classified, text: bytes, generation: classifier.generation, to: &batch)
                lines.append(ReadLine(lineClass: classified.lineClass, readings: batch.readings))
            }
        }
        var start = 0
        while start < bytes.count {
            let end = chunk < bytes.count - start ? start + chunk : bytes.count
            bytes[start..<end].withUnsafeBytes { piece in
                var input = piece
                while let line = splitter.next(&input) { add(line) }
            }
            start = end
        }
        if let line = splitter.finish() { add(line) }
        return (lines, classifier.generation)
    }
}

@Suite struct LineSessionTests {
    @Test func theIndexWasRead() { #expect(LineSession.all.count == 8) }

    @Test(arguments: LineSession.all)
    func everyLineGetsItsClass(session: LineSession) {
        for chunk in [1, 7, 64, .max] {
            #expect(ReadLine.all(of: session.bytes, chunk: chunk).lines.map(\.lineClass.rawValue) == session.classes)
        }
    }

    @Test(arguments: LineSession.all)
    func theGenerationIsFoundWithoutConfiguration(session: LineSession) {
        #expect(ReadLine.all(of: session.bytes).generation == session.generation)
    }

    @Test(arguments: LineSession.all)
    func aForcedGenerationIsKept(session: LineSession) {
        #expect(ReadLine.all(of: session.bytes, generation: .g7).generation == .g7)
    }

    private func session(_ generation: LineGeneration) -> [ReadLine] {
        LineSession.all.first { $0.generation == generation }.map { ReadLine.all(of: $0.bytes).lines } ?? []
    }

    @Test func linesForPeopleGiveReadings() {
        let lines = session(.g1)
        #expect(lines[45].value("bme688_a.temperature") == .number(20.5))
        #expect(lines[45].value("bme688_a.pressure") == .number(1011.71))
        #expect(lines[45].value("bme688_a.static_iaq") == .number(50))
        #expect(lines[45].value("bme688_a.voc_equivalent") == .number(0.5))
        #expect(lines[45].readings.count == 9)
        // P=nan and IAQ=N/A are no values.
        #expect(
            lines[46].readings.map(\.metric.text) == [
                "bme688_a.temperature", "bme688_a.humidity", "bme688_a.gas_resistance",
            ])
        #expect(lines[49].value("bme688_a.co2_equivalent") == .number(528.48))
        #expect(lines[50].value("bme688_b.humidity") == .number(39.8))
        #expect(lines[50].value("bme688_b.pressure") == nil)
        #expect(lines[53].readings.isEmpty)
    }

    @Test func wrappedAndFlatTelemetryGiveTheSameReadings() {
        let lines = session(.g2)
        for index in [16, 23] {
            #expect(lines[index].value("analog.ai4") == .number(3.3))
            #expect(lines[index].readings.allSatisfy { $0.metric.text != "analog.ai1" || $0.unit == .volt })
        }
        #expect(lines[23].value("output.mosfet1") == .flag(true))
        #expect(lines[23].value("sys.uptime") == .number(24))
    }

    @Test func placeholdersAreNotStored() {
        let lines = session(.g3)
        #expect(lines[14].readings.map(\.metric.text) == ["sys.uptime", "sys.heap"])
        #expect(lines[19].readings.count == 6)
        #expect(lines[19].value("bme688_a.gas_resistance") == .number(51234))
        #expect(lines[20].value("bme688_a.temperature") == .number(21.5))
        #expect(lines[20].value("bme688_b.pressure") == .number(1012.25))
    }

    @Test func theSecondGenerationOfTelemetryLinesGivesAirQualityToo() {
        let line = """
            {"type":"tele","seq":7,"t_ms":16000,"node":"A-F2:7C:3A:1D:B4:10","uptime_s":16,"bme688_count":1,\
            "temperature":22.5,"humidity":41.25,"pressure":1009.5,"gas_resistance":60123,"iaq":51.5,"iaq_accuracy":1,\
            "co2_equivalent":520.5,"voc_equivalent":0.55,"firmware_version":"2.1.0","health":{"heap":280000}}\r\n
            """
        let (lines, generation) = ReadLine.all(of: Array(line.utf8))
        #expect(generation == .g4)
        #expect(lines.first?.lineClass == .jsonTele)
        #expect(lines.first?.value("bme688_a.iaq_accuracy") == .number(1))
        #expect(lines.first?.readings.count == 10)
    }

    @Test func fungalComputersGiveReadings() {
        let lines = session(.g10)
        #expect(lines[7].value("fci.amplitude") == .number(0.74))
        #expect(lines[7].value("fci.pattern") == .text("growth"))
        #expect(lines[7].value("fci.pattern_confidence") == .number(98))
    }

    @Test func aSensorThatIsAloneIsToldByItsAddress() {
        let line = #"{"type":"tele","seq":1,"t_ms":1,"env":{},"temperature":20.5,"i2c_addresses":[118]}"# + "\n"
        #expect(ReadLine.all(of: Array(line.utf8)).lines.first?.value("bme688_b.temperature") == .number(20.5))
    }

    @Test func anImplausiblePressureIsDoubted() {
        let line = #"{"type":"tele","seq":1,"t_ms":1,"pressure":101325}"# + "\n"
        #expect(ReadLine.all(of: Array(line.utf8)).lines.first?.readings.first?.quality == .warn)
    }

    @Test func overlongLinesAreCutAndTheNextLineIsWhole() {
        let bytes = [UInt8](repeating: UInt8(ascii: "a"), count: 10_000) + Array("\nReady!\n".utf8)
        #expect(ReadLine.all(of: bytes).lines.map(\.lineClass) == [.truncated, .bannerReady])
    }

    @Test func aLineCutByAResetIsTruncated() {
        let lines = ReadLine.all(of: Array("{\"type\":\"tele\",\"seq\":2,\"t_\r\n{\"type\":}\r\n".utf8)).lines
        #expect(lines.map(\.lineClass) == [.truncated, .jsonInvalid])
    }

    @Test func noLineEverTraps() {
        var random = SeededRandom(seed: 6)
        let sessions = LineSession.all.map(\.bytes)
        for round in 0..<600 {
            let bytes = random.mutated(sessions[round % sessions.count])
            let whole = ReadLine.all(of: bytes)
            #expect(whole.lines == ReadLine.all(of: bytes, chunk: random.integer(in: 1...100)).lines)
            for reading in whole.lines.flatMap(\.readings) {
                if case .number(let value) = reading.value { #expect(value.isFinite) }
            }
        }
    }
}
