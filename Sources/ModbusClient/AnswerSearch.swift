/// Looks for the answer to one question in what a serial line brings: behind bytes that a driver makes when it switches,
/// behind the question itself where an adapter hears what it sends, and behind late answers to other questions. An answer has
/// the unit, the function, the byte count and the checksum that belong to the question.
struct AnswerSearch: Sendable {
    private let question: [UInt8]
    /// Whether the question itself is looked for first.
    private let dropsEcho: Bool
    private var bytes: [UInt8] = []
    /// Whether the question came back.
    private(set) var hasEcho = false

    /// An echo, what comes before, the longest answer and some noise.
    static let byteCountMax = 1_024

    /// - Parameters:
    ///   - question: unit, PDU and checksum, as they were sent; one of functions 1 to 6 and 16.
    ///   - isEchoing: whether the adapter is known to hear what it sends. A write of one register is answered by the very
    ///     same bytes, so that nothing else tells its echo.
    init(to question: [UInt8], isEchoing: Bool) {
        self.question = question
        dropsEcho = isEchoing || !Self.isOwnAnswer(question)
    }

    /// Whether the answer to this question may be the same bytes: a write of one register, or by chance some bits.
    static func isOwnAnswer(_ question: [UInt8]) -> Bool {
        guard question.count == 8 else { return false }
        return question[1] > 4 || question[1] <= 2 && question[2] == 3 && dataCount(of: question) == 3
    }

    private static func dataCount(of question: [UInt8]) -> Int {
        let count = Int(question[4]) << 8 | Int(question[5])
        return question[1] <= 2 ? (count + 7) / 8 : count * 2
    }

    /// Takes what has come, up to `byteCountMax` in all.
    mutating func append(_ more: some Sequence<UInt8>) {
        bytes.append(contentsOf: more)
        guard dropsEcho, !hasEcho, let start = firstOffset(of: question) else { return }
        // What came before it is older than the question.
        bytes.removeFirst(start + question.count)
        hasEcho = true
    }

    private func firstOffset(of wanted: [UInt8]) -> Int? {
        guard bytes.count >= wanted.count else { return nil }
        return (0...(bytes.count - wanted.count)).first { bytes[$0...].starts(with: wanted) }
    }

    /// Whether no more is taken: a line that never falls silent.
    var isFull: Bool { bytes.count >= Self.byteCountMax }

    /// Unit and PDU of the answer, once it is whole.
    var answer: [UInt8]? {
        for offset in bytes.indices {
            guard let count = count(from: offset), isWhole(offset, count) else { continue }
            return Array(bytes[offset..<(offset + count - 2)])
        }
        return nil
    }

    /// Whether the head of an answer is there, which nothing but its rest or damage explains.
    var hasHead: Bool { bytes.indices.contains { bytes.count - $0 >= 3 && count(from: $0) != nil } }

    /// Whether the last bytes may be the first of an answer.
    var mayHaveBegun: Bool { bytes.indices.contains { count(from: $0) != nil } }

    /// The bytes that an answer which begins at `offset` has with its checksum; nil if none can begin there.
    private func count(from offset: Int) -> Int? {
        let there = bytes.count - offset
        guard there > 0, bytes[offset] == question[0] else { return nil }
        guard there > 1 else { return 5 }
        let function = question[1]
        if bytes[offset + 1] == function | 0x80 { return 5 }
        guard bytes[offset + 1] == function else { return nil }
        if function > 4 {
            // A write is answered by its function, address and value or count.
            let known = min(there, 6)
            return bytes[offset..<(offset + known)].elementsEqual(question[..<known]) ? 8 : nil
        }
        let data = Self.dataCount(of: question)
        return there < 3 || Int(bytes[offset + 2]) == data ? data + 5 : nil
    }

    private func isWhole(_ offset: Int, _ count: Int) -> Bool {
        count >= 4 && offset + count <= bytes.count && RTUChecksum.holds(bytes[offset..<(offset + count)])
    }

    /// Why there is no answer, when its time is up.
    var failure: ModbusClientError {
        if hasHead { return .crc }
        var noise = 0
        var offset = 0
        var isOther = false
        while offset < bytes.count {
            if let count = otherCount(from: offset), isWhole(offset, count) {
                isOther = isOther || bytes[offset] == question[0]
                offset += count
            } else {
                // A driver that switches makes bytes without a one or without a zero.
                if bytes[offset] != 0, bytes[offset] != 0xFF { noise += 1 }
                offset += 1
            }
        }
        return isOther ? .wrongAnswer : noise >= Self.noiseMin ? .noise : .timeout
    }

    /// Fewer may be crosstalk.
    private static let noiseMin = 3

    /// The bytes of any other answer that begins at `offset`.
    private func otherCount(from offset: Int) -> Int? {
        guard offset + 2 < bytes.count else { return nil }
        return switch bytes[offset + 1] {
        case 0x80...: 5
        case 1...4: Int(bytes[offset + 2]) + 5
        case 5, 6, 15, 16: 8
        default: nil
        }
    }
}
