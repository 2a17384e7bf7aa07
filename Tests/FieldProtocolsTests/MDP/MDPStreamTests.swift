import GatewayTestKit
import JSONText
import Testing

@testable import FieldProtocols

@Suite struct MDPStreamTests {
    static let chunks = [1, 7, 64, .max]

    private func corrupt(_ id: String) -> [UInt8] {
        MDPVectors.corrupt.first { $0.id == id }.map { MDPVectors.wire($0) } ?? []
    }

    @Test(arguments: [
        ("crc-one-bit", MDPError.crcMismatch), ("crc-swapped", .crcMismatch), ("trunc-half", .stuffingBroken),
        ("trunc-no-delim", .incomplete), ("bad-magic", .badMagic), ("bad-version-2", .unsupportedVersion),
        ("short-header-15", .tooShort), ("oversize-4096", .oversized),
    ])
    func corruptFramesAreNamed(id: String, error: MDPError) {
        let wire = corrupt(id)
        let delimiters = wire.last == 0 ? 1 : 0
        for chunk in Self.chunks {
            #expect(HeardEvent.all(of: wire, chunk: chunk) == [.failure(error, at: 0, count: wire.count - delimiters)])
        }
    }

    @Test func aZeroInsideAFrameMakesTwoBrokenOnes() {
        let events = HeardEvent.all(of: corrupt("cobs-inner-zero"))
        #expect(events.count == 2)
        #expect(events.allSatisfy { $0.error != nil })
    }

    @Test func aFrameWithoutItsDelimiterIsNotGivenOut() {
        #expect(HeardEvent.all(of: corrupt("trunc-no-delim"), finishing: false).isEmpty)
    }

    @Test func textGluedToTheFrontOfAFrameIsSplitOff() throws {
        let events = HeardEvent.all(of: corrupt("ascii-then-frame"))
        #expect(events.count == 2)
        #expect(events[0] == .text("I2C: SDA=5 SCL=4 @ 100000 Hz", at: 0, terminated: true))
        #expect(events[1].header?.seq == 2)
    }

    @Test(arguments: chunks)
    func theMixedStreamGivesEveryFrameAndLine(chunk: Int) throws {
        let events = HeardEvent.all(of: MDPVectors.mixedStream, chunk: chunk)
        let frames = events.compactMap(\.header)
        #expect(frames.map(\.type) == [.hello, .telemetry, .telemetry, .ack, .ack, .event])
        #expect(frames.map(\.seq) == [1, 4, 2, 43, 44, 46])
        #expect(frames[4].flags == .isNack)
        let lines = events.compactMap(\.text)
        #expect(lines.count == 8)
        #expect(lines[1] == "rst:0x1 (POWERON),boot:0x8 (SPI_FAST_FLASH_BOOT)")
        #expect(lines[2] == "Claw: GPIO servo initialized")
        #expect(lines.last?.hasPrefix("{\"ts_ms\":120331") == true)
        #expect(events.contains(.garbage(4, at: 76)))
        #expect(events.contains(.failure(.stuffingBroken, at: 1321, count: 20)))
        #expect(events.count == 16)
    }

    @Test func aTextLineComesOutAsSoonAsItEnds() {
        #expect(
            HeardEvent.all(of: Array("boot\r\nrest".utf8), finishing: false)
                == [.text("boot", at: 0, terminated: true)])
    }

    @Test func aFrameIsFoundBehindThreeThousandBytesOfText() {
        let text = [UInt8](repeating: UInt8(ascii: "x"), count: 3000)
        let frame = MDPVectors.valid("ack-ok")
        for chunk in Self.chunks {
            let events = HeardEvent.all(of: text + frame, chunk: chunk)
            #expect(events.count == 2)
            #expect(events.last?.header?.type == .ack)
        }
    }

    @Test func aLongFrameIsFoundBehindFourThousandBytesOfNoise() {
        let noise = [UInt8](repeating: 0x81, count: 4000)
        let frame = MDPVectors.valid("max-binary-gen-body-900")
        for chunk in Self.chunks {
            #expect(HeardEvent.all(of: noise + frame, chunk: chunk).last?.header?.seq == 4001)
        }
    }

    @Test func linesFlowAgainAfterAnOverflow() {
        let noise = [UInt8](repeating: 0x81, count: 5000)
        for chunk in Self.chunks {
            let events = HeardEvent.all(of: noise + Array("\nall well\n".utf8), chunk: chunk)
            #expect(events.first == .failure(.oversized, at: 0, count: 4096))
            #expect(events.last == .text("all well", at: 5001, terminated: true))
        }
    }

    @Test func linesInsideAFrameAreNotTakenForText() {
        let header = MDPHeader(type: .event, seq: 3, source: .sideA, destination: .gateway)
        let frame = MDPEncoder.encode(header, payload: Array("{\r\n\"event\":\"x\",\r\n\"more\":1\r\n}".utf8))
        for chunk in Self.chunks {
            #expect(HeardEvent.all(of: frame, chunk: chunk).compactMap(\.header) == [header])
        }
    }

    @Test func foreignDialectsFailWithoutTakingTheNextFrameAlong() {
        // A 13-byte big-endian header as another library has it.
        var foreign: [UInt8] = []
        COBS.encode([3, 0, 7, 0, 2, 0, 0, 0, 0, 0x65, 0, 0, 1, 0x7B, 0x7D, 0x12, 0x34], appendingTo: &foreign)
        let events = HeardEvent.all(of: foreign + [0] + MDPVectors.valid("ack-ok"))
        #expect(events.first?.error == .crcMismatch)
        #expect(events.last?.header?.type == .ack)
    }

    @Test func whatComesOutDoesNotDependOnWhereReadsBegin() {
        var random = SeededRandom(seed: 3)
        for _ in 0..<300 {
            let bytes = random.mutated(random.mutated(MDPVectors.mixedStream))
            let whole = HeardEvent.all(of: bytes)
            for chunk in [1, 7, 64, random.integer(in: 2...500)] {
                #expect(HeardEvent.all(of: bytes, chunk: chunk) == whole)
            }
        }
    }

    @Test func everyByteIsAccountedFor() {
        var random = SeededRandom(seed: 4)
        let alphabet: [UInt8] = [0, 1, 4, 6, 0x0A, 0x0D, 0x20, 0x41, 0x5A, 0xA1, 0xC3, 0xFF]
        for _ in 0..<300 {
            let bytes = (0..<random.integer(in: 0...9000)).map { _ in alphabet.randomElement(using: &random) ?? 0 }
            var position: Int64 = 0
            for event in HeardEvent.all(of: bytes, chunk: random.integer(in: 1...5000)) {
                let (at, count): (Int64, Int) =
                    switch event {
                    case .frame(_, _, let at): (at, 0)
                    case .text(let text, let at, _): (at, text.utf8.count)
                    case .garbage(let count, let at): (at, count)
                    case .failure(_, let at, let count): (at, count)
                    }
                // What lies between two events is delimiters and ends of lines.
                #expect(at >= position)
                #expect(bytes[Int(position)..<Int(at)].allSatisfy { $0 == 0 || $0 == 0x0A || $0 == 0x0D })
                position = at + Int64(count)
            }
            #expect(bytes[Int(position)...].allSatisfy { $0 == 0 || $0 == 0x0A || $0 == 0x0D })
        }
    }

    /// Counts the work in events and time per byte would be machine dependent: the claim is that it ends at once.
    @Test(.timeLimit(.minutes(5)), arguments: ["random", "headers", "newlines", "high", "nearMisses"])
    func aMegabyteOfGarbageCostsNoMoreThanItsLength(kind: String) {
        var random = SeededRandom(seed: 5)
        let pattern: [UInt8]
        switch kind {
        case "headers": pattern = [4, 0x5A, 0xA1, 1]
        case "newlines": pattern = [0x0A]
        case "high": pattern = [0x81]
        case "nearMisses": pattern = [1, 0x5A, 0xA1, 1, 0x0A, 4, 0x5A, 0xA1, 1]
        default: pattern = random.bytes(1 << 16)
        }
        let bytes = (0..<1 << 20).map { pattern[$0 % pattern.count] }
        let events = HeardEvent.all(of: bytes + [0] + MDPVectors.valid("ack-ok"))
        #expect(events.last?.header?.type == .ack)
    }
}
