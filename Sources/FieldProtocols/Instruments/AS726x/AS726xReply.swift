/// One line of a sensor of the AS726x family, as an answer.
public enum AS726xReply: Sendable, Equatable {
    /// The text before `OK`, trimmed; empty for a bare `OK`.
    case ok(value: Range<Int>)
    case error

    /// Why a line is no answer; the names stand in the output of `decode`.
    public enum Failure: String, Error, Sendable, CaseIterable {
        /// Neither `OK` nor `ERROR` stands at its end: a part of a line, noise, or something else that talks.
        case unknownReply = "unknown_reply"
        /// Something that should be a number is none.
        case badNumber = "bad_number"
        /// Neither 6 nor 18 channels, or another number than before.
        case wrongValueCount = "wrong_value_count"
        /// An answer nobody asked for.
        case unexpectedReply = "unexpected_reply"
        /// A question that was never answered.
        case noReply = "no_reply"
        /// A line that is neither question nor answer.
        case unknownLine = "unknown_line"
        /// More than the longest line that a sensor sends.
        case oversized

        /// Stable snake_case name.
        public var code: String { rawValue }
    }

    /// Longer lines are none of these sensors': 18 floats take 300 bytes.
    public static let lineByteCountMax = 512

    /// Reads a line without its end.
    public init(_ line: UnsafeRawBufferPointer) throws(Failure) {
        guard line.count <= Self.lineByteCountMax else { throw .oversized }
        var upper = line.count
        var lower = 0
        while upper > 0, Self.isBlank(line[upper - 1]) { upper -= 1 }
        while lower < upper, Self.isBlank(line[lower]) { lower += 1 }
        if upper - lower == 5, Self.matches("ERROR", line, at: lower) {
            self = .error
            return
        }
        guard upper - lower >= 2, Self.matches("OK", line, at: upper - 2) else { throw .unknownReply }
        upper -= 2
        guard upper == lower || Self.isBlank(line[upper - 1]) else { throw .unknownReply }
        while upper > lower, Self.isBlank(line[upper - 1]) { upper -= 1 }
        self = .ok(value: lower..<upper)
    }

    /// The numbers of an answer's value: decimal, `0x…` or `'b…`, parted by commas.
    public static func numbers(
        _ value: UnsafeRawBufferPointer, into numbers: inout [Double]
    ) throws(Failure) {
        do {
            try ChannelList.read(value, into: &numbers, countMax: 32, allowsPrefixes: true)
        } catch {
            throw .badNumber
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }

    private static func matches(_ word: StaticString, _ line: UnsafeRawBufferPointer, at offset: Int) -> Bool {
        for index in 0..<word.utf8CodeUnitCount where line[offset + index] != word.utf8Start[index] { return false }
        return true
    }
}
