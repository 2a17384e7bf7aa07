import GatewayTestKit
import Testing

@testable import FieldProtocols

@Suite struct TextScanTests {
    @Test func aByteThatDoesNotPrintEndsTheASCIIWhereverItStands() {
        for byte in UInt8.min...UInt8.max {
            for place in 0..<20 {
                var bytes = [UInt8](repeating: 0x7E, count: 20)
                bytes[place] = byte
                let isPrintable = (0x20..<0x7F).contains(byte)
                let count = bytes.withUnsafeBytes { TextScan.asciiCount($0) }
                #expect(count == (isPrintable ? 20 : place), "\(byte) at \(place)")
            }
        }
    }

    @Test func textBeginsBehindTheLastByteThatIsNotText() {
        var random = SeededRandom(seed: 1)
        let alphabet: [UInt8] = [0x20, 0x41, 0x7E, 0x09, 0x0D, 0x1B, 0x00, 0x7F, 0x80, 0xFF]
        for _ in 0..<2_000 {
            let bytes = (0..<24).map { _ in alphabet[random.integer(in: 0...(random.integer(in: 0...3) == 0 ? 9 : 5))] }
            let last = bytes.lastIndex { !TextScan.isPrintable($0) }
            #expect(bytes.withUnsafeBytes { TextScan.textStart($0) } == last.map { $0 + 1 } ?? 0, "\(bytes)")
        }
    }
}
