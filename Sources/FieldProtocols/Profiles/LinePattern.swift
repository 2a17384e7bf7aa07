/// A regular expression over the bytes of one line, with named groups.
///
/// Known: literals, `.`, classes with ranges and `\d \w \s` and their opposites, `( )`, `(?: )`, `(?<name> )`, `|`,
/// `* + ? {n} {n,} {n,m}` and their lazy forms, `^`, `$`. No look-around, no references back. The time is bounded by the
/// size of the pattern times the length of the line, whatever both are: no device can slow the gateway by what it sends.
public struct LinePattern: Sendable {
    /// The names of the groups, in their order.
    public let groupNames: [String]
    let program: [PatternInstruction]
    let sets: [ByteSet]
    /// The byte every match begins with, where there is only one.
    let firstByte: UInt8?
    let isAnchored: Bool

    /// What is wrong with a pattern, and where: an offset in bytes.
    public struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
        public var message: String
        public var offset: Int

        public var description: String { "\(message) at character \(offset + 1)" }
    }

    /// Instructions of one pattern at most.
    public static let programCountMax = 2_000

    /// Compiles `text`.
    public init(_ text: String) throws(Failure) {
        var parser = PatternParser(Array(text.utf8))
        let root = try parser.parse()
        var compiler = PatternCompiler()
        try compiler.compile(root)
        program = compiler.program
        sets = parser.sets
        groupNames = parser.groupNames
        isAnchored = program.first == .lineStart
        firstByte = if case .byte(let byte)? = program.first { byte } else { nil }
    }
}

/// Memory that matching uses again and again.
public struct PatternScratch: Sendable {
    var visited: [UInt64] = []
    var stack: [Int] = []
    /// Where each group begins and ends; -1 where it took no part.
    var slots: [Int] = []

    /// No memory yet.
    public init() {}
}

/// 256 bits, one a byte value.
struct ByteSet: Sendable, Equatable {
    private var bits: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    static func == (a: ByteSet, b: ByteSet) -> Bool { a.bits == b.bits }

    func contains(_ byte: UInt8) -> Bool {
        let word =
            switch byte >> 6 {
            case 0: bits.0
            case 1: bits.1
            case 2: bits.2
            default: bits.3
            }
        return word >> UInt64(byte & 63) & 1 != 0
    }

    mutating func insert(_ byte: UInt8) {
        let bit: UInt64 = 1 << UInt64(byte & 63)
        switch byte >> 6 {
        case 0: bits.0 |= bit
        case 1: bits.1 |= bit
        case 2: bits.2 |= bit
        default: bits.3 |= bit
        }
    }

    mutating func formUnion(_ other: ByteSet) {
        bits = (bits.0 | other.bits.0, bits.1 | other.bits.1, bits.2 | other.bits.2, bits.3 | other.bits.3)
    }

    var inverted: ByteSet {
        var set = self
        set.bits = (~bits.0, ~bits.1, ~bits.2, ~bits.3)
        return set
    }

    init(_ isMember: (UInt8) -> Bool = { _ in false }) {
        for byte in UInt8.min...UInt8.max where isMember(byte) { insert(byte) }
    }

    static let digits = ByteSet { (0x30...0x39).contains($0) }
    static let blanks = ByteSet { $0 == 0x20 || (0x09...0x0D).contains($0) }
    static let word = ByteSet {
        (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x5F
    }
    static let all = ByteSet { _ in true }
}
