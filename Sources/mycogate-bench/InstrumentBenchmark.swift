import FieldProtocols
import GatewayModel

/// How fast the decoders of instruments are on one core.
enum InstrumentBenchmark {
    static let benchmark = Benchmark(name: "instruments") {
        [atCommands(), messages(), spectra(), frames(), gasSensors()]
    }

    /// Time of at least a fifth of a second, and how often `body` ran in it.
    private static func rate(_ body: () -> Void) -> Double {
        var rounds = 0
        let start = Measure.seconds()
        var time = 0.0
        repeat {
            for _ in 0..<100 { body() }
            rounds += 100
            time = Measure.seconds() - start
        } while time < 0.2
        return Double(rounds) / time
    }

    private static func result(_ name: String, perSecond rate: Double, byteCount: Int) -> BenchResult {
        let speed = rate * Double(byteCount) / 1e6
        return BenchResult(
            figure: "\(name): \(Measure.text(rate / 1e6)) M/s, \(Measure.text(speed, digits: 0)) MB/s",
            budget: "≥ 1 M/s or ≥ 200 MB/s", detail: "\(byteCount) bytes each", isKept: rate >= 1e6 || speed >= 200)
    }

    private static func atCommands() -> BenchResult {
        let line = Array("812, 655, 120, 98, 143, 77, 930, 744, 690, 210, 55, 31, 401, 377, 512, 688, 742, 899 OK".utf8)
        var dialogue = AS726xDialogue()
        let rate = rate {
            dialogue.ask(.rawValues)
            _ = line.withUnsafeBytes { try? dialogue.answer($0) }  // it is a good one
        }
        return result("AS7265x answers of 18 values", perSecond: rate, byteCount: line.count)
    }

    private static func messages() -> BenchResult {
        let wire = OBPFrame(type: 0x100, flags: .response, regarding: 7, immediate: Array("S05507".utf8)).wire
        var stream = OBPStream()
        var seen = 0
        let rate = rate { wire.withUnsafeBytes { stream.receive($0) { if case .frame = $0 { seen += 1 } } } }
        return result("small OBP messages", perSecond: rate, byteCount: wire.count)
    }

    private static func spectra() -> BenchResult {
        let wire = OBPFrame(
            type: 0x101000, flags: .response, checksum: .md5, payload: Array(repeating: 9, count: 2_048)
        ).wire
        var stream = OBPStream()
        var counts: [Double] = []
        let rate = rate {
            wire.withUnsafeBytes {
                stream.receive($0) { if case .frame(let frame) = $0 { frame.readCounts(into: &counts) } }
            }
        }
        return result("OBP spectra with MD5", perSecond: rate, byteCount: wire.count)
    }

    private static func frames() -> BenchResult {
        let line = Array((0..<288).map { String(800 + $0 % 200) }.joined(separator: ",").utf8)
        var counts: [Double] = []
        var offset = 0
        let rate = rate {
            line.withUnsafeBytes { line in
                try? C12880MAFrame.read(line, resolution: .ten, into: &counts, failedAt: &offset)  // it is a good one
            }
        }
        return result("C12880MA frames", perSecond: rate, byteCount: line.count)
    }

    private static func gasSensors() -> BenchResult {
        let registers = (0..<42).map { UInt8(truncatingIfNeeded: $0 * 7 + 3) }
        var sum = 0.0
        let block: [UInt8] = [0x83, 7, 0x89, 0x54, 0x40, 0x5D, 0x14, 0x20, 0x8C, 0xA0, 0, 0, 0, 0, 0, 225, 0x36]
        guard let parsed = try? BoschRegisters(registers) else {  // 42 bytes are right
            return BenchResult(figure: "no registers", budget: "", detail: "", isKept: false)
        }
        let calibration = BoschCalibration(parsed, variant: .bme690)
        let rate = rate {
            // The block is a good one.
            let measured = block.withUnsafeBytes { try? calibration.measurement(BoschField($0, variant: .bme690)) }
            sum += measured?.celsius ?? 0
        }
        return result("BME690 field blocks", perSecond: rate, byteCount: block.count)
    }
}
