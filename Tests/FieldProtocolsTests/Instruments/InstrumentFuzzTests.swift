import Crypto
import GatewayTestKit
import Testing

@testable import FieldProtocols

/// No input makes a parser of instruments trap, or read beyond its end.
@Suite struct InstrumentFuzzTests {
    private static func seeds(_ format: CaptureDecoder.Format) throws -> [[UInt8]] {
        switch format {
        case .as726x:
            let sketch = "A,B,C,D,E,F,G,H,R,I,S,J,T,U,V,W,K,L\n1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,\n"
            return try [
                Vectors.bytes("instruments/as7265x-session.txt"), Vectors.bytes("instruments/as7263-session.txt"),
                Array(sketch.utf8), Array("Reading: R[1.5] S[2] T[3] U[4] V[5] W[6] tempF[77.0]\n".utf8),
            ]
        case .obp:
            let frames = [
                OBPFrame.get(.serialNumber), .set(.setIntegration, 100_000), .get(.wavelengthCoefficient, index: 1),
                OBPFrame(type: 0x101000, flags: .response, checksum: .md5, payload: Array(repeating: 9, count: 64)),
            ]
            return frames.map(\.wire)
        case .c12880ma:
            return try [
                Vectors.bytes("instruments/c12880ma.json"),
                Array((0..<288).map { String($0) }.joined(separator: ",").utf8),
            ]
        case .as7341: return [Array(#"{"F1":1,"F8":8,"CLEAR":9,"NIR":10,"gain":9,"atime":0,"astep":999}"#.utf8)]
        case .bme690: return [try Vectors.bytes("instruments/bme690-compensation.json")]
        case .bme68x:
            let field = #""fields":[{"hex":"8300123450765430000000000080e54019"}]"#
            let registers = String(repeating: "5a", count: 42)
            return [Array(#"{"variant":1,"calibration_hex":"\#(registers)",\#(field)}"#.utf8)]
        case .bmerawdata: return [try BMERawDataTests.sample()]
        default: return []
        }
    }

    /// As many inputs as the suite's time allows; `mycogate-bench fuzz` gives ten million.
    @Test(arguments: [
        (CaptureDecoder.Format.as726x, 20_000), (.obp, 60_000), (.c12880ma, 5_000), (.as7341, 60_000), (.bme690, 4_000),
        (.bme68x, 40_000), (.bmerawdata, 6_000),
    ])
    func damagedInputNeverTraps(format: CaptureDecoder.Format, count: Int) throws {
        let seeds = try Self.seeds(format)
        #expect(!seeds.isEmpty)
        var random = SeededRandom(seed: 42)
        var refused = 0
        for round in 0..<count {
            let input = random.mutated(seeds[round % seeds.count])
            let isGood = input.withUnsafeBytes { CaptureDecoder.decode($0, as: format) { _ in } }
            if !isGood { refused += 1 }
        }
        #expect(refused > 0)
    }
}
