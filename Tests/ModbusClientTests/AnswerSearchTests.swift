import GatewayTestKit
import Testing

@testable import ModbusClient

/// The answer is looked for in anything that a line can bring.
@Suite struct AnswerSearchTests {
    /// A question of each kind with an answer to it.
    private static func exchange(_ random: inout SeededRandom) -> (question: [UInt8], answer: [UInt8]) {
        let unit = UInt8(random.integer(in: 1...255))
        let function = [1, 2, 3, 4, 5, 6, 16][random.integer(in: 0...6)]
        let count = random.integer(in: 1...(function < 3 ? 2_000 : 125))
        let head = [unit, UInt8(function)] + random.bytes(2)
        let question =
            head + (function == 5 || function == 6 ? random.bytes(2) : [UInt8(count >> 8), UInt8(count & 0xFF)])
        if random.chance(0.1) { return (question, [unit, UInt8(function) | 0x80, 2]) }
        guard function < 5 else { return (question, question) }
        let byteCount = function < 3 ? (count + 7) / 8 : 2 * count
        return (question, [unit, UInt8(function), UInt8(byteCount)] + random.bytes(byteCount))
    }

    @Test func anAnswerIsFoundBehindAnyNoiseAndInAnyPieces() {
        var random = SeededRandom(seed: 1_106)
        for round in 0..<1_000 {
            let (question, answer) = Self.exchange(&random)
            var search = AnswerSearch(to: RTUChecksum.appended(to: question), isEchoing: false)
            var line = random.bytes(random.integer(in: 0...40)) + RTUChecksum.appended(to: answer)
            while !line.isEmpty {
                let piece = random.integer(in: 1...line.count)
                search.append(line[..<piece])
                line.removeFirst(piece)
            }
            #expect(search.answer == answer, "round \(round)")
        }
    }

    @Test func anyBytesAreNoAnswerAndNoTrap() {
        var random = SeededRandom(seed: 1_107)
        for round in 0..<5_000 {
            let (question, answer) = Self.exchange(&random)
            var search = AnswerSearch(to: RTUChecksum.appended(to: question), isEchoing: random.chance(0.5))
            // What is damaged is closer to an answer than what is not one.
            var line = random.chance(0.5) ? RTUChecksum.appended(to: answer) : random.bytes(random.integer(in: 0...300))
            if let place = line.indices.randomElement(using: &random) {
                line[place] ^= UInt8(1 << random.integer(in: 0...7))
                if random.chance(0.3) { line.removeLast(line.count - place) }
            }
            search.append(line)
            #expect(search.answer == nil, "round \(round): \(search.failure)")
            _ = search.failure
        }
    }
}
