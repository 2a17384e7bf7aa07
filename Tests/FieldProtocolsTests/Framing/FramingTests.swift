import GatewayTestKit
import Testing

@testable import FieldProtocols

@Suite struct FramingTests {
    private func crc(_ bytes: [UInt8]) -> UInt16 { bytes.withUnsafeBytes { CRC16.of($0) } }

    private func decode(_ encoded: [UInt8]) -> [UInt8]? {
        var output = [UInt8](repeating: 0xEE, count: encoded.count)
        let count = encoded.withUnsafeBytes { encoded in
            output.withUnsafeMutableBytes { COBS.decode(encoded, into: $0) }
        }
        return count.map { Array(output[..<$0]) }
    }

    private func encode(_ raw: [UInt8]) -> [UInt8] {
        var encoded: [UInt8] = []
        COBS.encode(raw, appendingTo: &encoded)
        return encoded
    }

    @Test func checksumHasItsCheckValue() {
        #expect(crc(Array("123456789".utf8)) == 0x29B1)
        #expect(crc([]) == 0xFFFF)
    }

    @Test func checksumInStepsEqualsBitByBit() {
        var random = SeededRandom(seed: 1)
        for count in 0...70 {
            let bytes = random.bytes(count)
            var expected: UInt16 = 0xFFFF
            for byte in bytes {
                expected ^= UInt16(byte) << 8
                for _ in 0..<8 { expected = expected & 0x8000 != 0 ? expected << 1 ^ 0x1021 : expected << 1 }
            }
            #expect(crc(bytes) == expected)
        }
    }

    @Test func stuffingIsUndoneForEveryLengthAroundTheBlocks() {
        for count in Array(0...4) + Array(250...260) + Array(505...512) + Array(760...766) {
            for raw in [
                [UInt8](repeating: 7, count: count), [UInt8](repeating: 0, count: count),
                (0..<count).map { UInt8(truncatingIfNeeded: $0) },
            ] {
                let encoded = encode(raw)
                #expect(!encoded.contains(0))
                #expect(encoded.count <= COBS.encodedCountMax(rawCount: count))
                #expect(decode(encoded) == raw)
            }
        }
    }

    @Test func theRedundantFinalCodeIsAcceptedAndSoIsItsAbsence() {
        let block = [UInt8](repeating: 9, count: 254)
        #expect(decode([0xFF] + block) == block)
        #expect(decode([0xFF] + block + [1]) == block)
        #expect(encode(block) == [0xFF] + block + [1])
    }

    @Test(arguments: [[0], [3, 1], [5, 1, 2, 3], [2, 0], [2, 1, 0], [0xFF, 1]] as [[UInt8]])
    func brokenStuffingIsRefused(encoded: [UInt8]) {
        #expect(decode(encoded) == nil)
    }

    @Test func anyBytesCanBeUnstuffedWithoutATrap() {
        var random = SeededRandom(seed: 2)
        for _ in 0..<20_000 {
            let bytes = random.bytes(random.integer(in: 0...40))
            if let raw = decode(bytes) { #expect(raw.count <= bytes.count) }
            let raw = random.mutated(bytes)
            #expect(decode(encode(raw)) == raw)
        }
    }
}
