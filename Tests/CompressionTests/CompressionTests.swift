import Compression
import GatewayTestKit
import Testing

@Suite struct Compressing {
    private func samples() -> [[UInt8]] {
        var random = SeededRandom(seed: 2)
        let line = Array(#"{"seq":1,"device":"m1","readings":[{"id":"a","v":22.5}]}"#.utf8) + [0x0A]
        return [[], [0], random.bytes(100_000), Array(repeatElement(line, count: 20_000).joined())]
    }

    @Test(arguments: ContentEncoding.allCases) func whatWasCompressedComesBack(encoding: ContentEncoding) throws {
        for sample in samples() {
            let compressed = try encoding.compress(sample)
            #expect(try encoding.decompress(compressed, byteCountMax: sample.count) == sample)
        }
    }

    @Test(arguments: ContentEncoding.allCases) func linesShrinkToATenth(encoding: ContentEncoding) throws {
        let lines = samples()[3]
        #expect(try encoding.compress(lines).count < lines.count / 10)
    }

    @Test(arguments: ContentEncoding.allCases) func aStreamCanBeReadUpToEachFlush(encoding: ContentEncoding) throws {
        var stream = try StreamEncoder(encoding)
        var compressed: [UInt8] = []
        var whole: [UInt8] = []
        for round in 0..<50 {
            let piece = [UInt8](repeating: UInt8(round), count: round * 1000)
            try piece.withUnsafeBytes { bytes in try stream.append(bytes, to: &compressed) }
            let before = compressed.count
            if round % 10 == 1 {
                try stream.flush(to: &compressed)
                #expect(compressed.count > before)
            }
            whole += piece
        }
        try stream.finish(to: &compressed)
        #expect(try encoding.decompress(compressed, byteCountMax: 2 << 20) == whole)
    }

    @Test(arguments: ContentEncoding.allCases) func bombsAreRefused(encoding: ContentEncoding) throws {
        let bomb = try encoding.compress([UInt8](repeating: 0, count: 10 << 20))
        #expect(bomb.count < 20_000)
        #expect(throws: CompressionError.tooLarge) { try encoding.decompress(bomb, byteCountMax: 1 << 20) }
    }

    @Test(arguments: ContentEncoding.allCases) func damagedBytesAreRefusedAndNeverTrap(encoding: ContentEncoding) throws
    {
        var random = SeededRandom(seed: 8)
        let compressed = try encoding.compress(Array("the quick brown fox jumps over the lazy dog".utf8))
        #expect(throws: CompressionError.malformed) {
            try encoding.decompress(Array(compressed.dropLast(3)), byteCountMax: 1000)
        }
        #expect(throws: CompressionError.malformed) { try encoding.decompress([], byteCountMax: 1000) }
        #expect(throws: CompressionError.malformed) { try encoding.decompress(Array("plain".utf8), byteCountMax: 1000) }
        for _ in 0..<3_000 { _ = try? encoding.decompress(random.mutated(compressed), byteCountMax: 1 << 16) }
    }

    @Test func theBestEncodingThatIsAcceptedIsChosen() {
        #expect(ContentEncoding(acceptHeader: "gzip, zstd") == .zstd)
        #expect(ContentEncoding(acceptHeader: "gzip;q=1.0, deflate") == .gzip)
        #expect(ContentEncoding(acceptHeader: "zstd;q=0, gzip ; q=0.5") == .gzip)
        #expect(ContentEncoding(acceptHeader: "zstd;q=0.5, gzip") == .gzip)
        #expect(ContentEncoding(acceptHeader: "gzip;q=0.5, *;q=0.8") == .zstd)
        #expect(ContentEncoding(acceptHeader: "gzip;q=nonsense") == .gzip)
        #expect(ContentEncoding(acceptHeader: "*") == .zstd)
        #expect(ContentEncoding(acceptHeader: "identity") == nil)
        #expect(ContentEncoding(acceptHeader: "") == nil)
        #expect(ContentEncoding(acceptHeader: "zstd;q=0, *") == .gzip)
    }
}
