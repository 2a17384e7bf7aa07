/// The tree of a pattern.
indirect enum PatternNode: Sendable {
    case empty
    case byte(UInt8)
    /// A set by its index.
    case set(Int)
    case lineStart
    case lineEnd
    case sequence([PatternNode])
    case choice([PatternNode])
    case repetition(PatternNode, min: Int, max: Int?, isLazy: Bool)
    case group(Int, PatternNode)
}

/// Reads the text of a `LinePattern`.
struct PatternParser {
    private let text: [UInt8]
    private var at = 0
    private var depth = 0
    private(set) var sets: [ByteSet] = []
    private(set) var groupNames: [String] = []

    static let repetitionMax = 200
    static let depthMax = 20

    init(_ text: [UInt8]) { self.text = text }

    mutating func parse() throws(LinePattern.Failure) -> PatternNode {
        let node = try choice()
        guard at == text.count else { throw failure("an unmatched `)`") }
        return node
    }

    private func failure(_ message: String) -> LinePattern.Failure {
        .init(message: message, offset: min(at, text.count))
    }
    private var next: UInt8? { at < text.count ? text[at] : nil }

    private mutating func take(_ literal: StaticString) -> Bool {
        let count = literal.utf8CodeUnitCount
        guard at + count <= text.count,
            literal.withUTF8Buffer({ $0.elementsEqual(text[at..<(at + count)]) })
        else { return false }
        at += count
        return true
    }

    private mutating func choice() throws(LinePattern.Failure) -> PatternNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthMax else { throw failure("groups nested too deep") }
        var branches = [try sequence()]
        while take("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .choice(branches)
    }

    private mutating func sequence() throws(LinePattern.Failure) -> PatternNode {
        var nodes: [PatternNode] = []
        while let byte = next, byte != UInt8(ascii: "|"), byte != UInt8(ascii: ")") {
            nodes.append(try repeated(try atom()))
        }
        return nodes.count == 1 ? nodes[0] : .sequence(nodes)
    }

    private mutating func repeated(_ node: PatternNode) throws(LinePattern.Failure) -> PatternNode {
        let bounds: (Int, Int?)
        if take("*") {
            bounds = (0, nil)
        } else if take("+") {
            bounds = (1, nil)
        } else if take("?") {
            bounds = (0, 1)
        } else if take("{") {
            bounds = try braces()
        } else {
            return node
        }
        let isLazy = take("?")
        if let next, next == UInt8(ascii: "*") || next == UInt8(ascii: "+") || next == UInt8(ascii: "{") {
            throw failure("a repetition of a repetition")
        }
        return .repetition(node, min: bounds.0, max: bounds.1, isLazy: isLazy)
    }

    private mutating func braces() throws(LinePattern.Failure) -> (Int, Int?) {
        guard let least = number() else { throw failure("a number is missing behind `{`") }
        var most: Int? = least
        if take(",") { most = number() }
        guard take("}") else { throw failure("`}` is missing") }
        guard least <= Self.repetitionMax, most ?? least <= Self.repetitionMax, most ?? least >= least else {
            throw failure("a repetition outside 0…\(Self.repetitionMax)")
        }
        return (least, most)
    }

    private mutating func number() -> Int? {
        let digits = text[at...].prefix { (0x30...0x39).contains($0) }.prefix(4)
        at += digits.count
        return Int(String(decoding: digits, as: UTF8.self))
    }

    private mutating func atom() throws(LinePattern.Failure) -> PatternNode {
        guard let byte = next else { return .empty }
        switch byte {
        case UInt8(ascii: "("): return try group()
        case UInt8(ascii: "["): return try brackets()
        case UInt8(ascii: "\\"): return try escape()
        case UInt8(ascii: "."): return set(ByteSet.all, taking: 1)
        case UInt8(ascii: "^"):
            at += 1
            return .lineStart
        case UInt8(ascii: "$"):
            at += 1
            return .lineEnd
        case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"), UInt8(ascii: "{"):
            throw failure("nothing to repeat")
        default:
            at += 1
            return .byte(byte)
        }
    }

    private mutating func set(_ set: ByteSet, taking count: Int) -> PatternNode {
        at += count
        return .set(index(of: set))
    }

    private mutating func index(of set: ByteSet) -> Int {
        if let index = sets.firstIndex(of: set) { return index }
        sets.append(set)
        return sets.count - 1
    }

    private mutating func group() throws(LinePattern.Failure) -> PatternNode {
        at += 1
        var number: Int?
        if take("?") {
            if take("<") || take("P<") {
                let name = String(decoding: text[at...].prefix { ByteSet.word.contains($0) }, as: UTF8.self)
                at += name.utf8.count
                guard !name.isEmpty, take(">") else {
                    throw failure("a group's name: accepted letters, digits and `_`")
                }
                guard !groupNames.contains(name) else { throw failure("the group `\(name)` stands there twice") }
                groupNames.append(name)
                number = groupNames.count - 1
            } else if !take(":") {
                throw failure("accepted `(?:` and `(?<name>` only")
            }
        }
        let node = try choice()
        guard take(")") else { throw failure("`)` is missing") }
        return number.map { .group($0, node) } ?? node
    }

    private mutating func escape() throws(LinePattern.Failure) -> PatternNode {
        at += 1
        if let known = try escapedSet() { return .set(index(of: known)) }
        return .byte(try escapedByte())
    }

    private mutating func escapedSet() throws(LinePattern.Failure) -> ByteSet? {
        let known: ByteSet? =
            switch next {
            case UInt8(ascii: "d"): .digits
            case UInt8(ascii: "D"): ByteSet.digits.inverted
            case UInt8(ascii: "w"): .word
            case UInt8(ascii: "W"): ByteSet.word.inverted
            case UInt8(ascii: "s"): .blanks
            case UInt8(ascii: "S"): ByteSet.blanks.inverted
            default: nil
            }
        if known != nil { at += 1 }
        return known
    }

    private mutating func escapedByte() throws(LinePattern.Failure) -> UInt8 {
        guard let byte = next else { throw failure("nothing behind `\\`") }
        at += 1
        switch byte {
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "x"):
            guard at + 2 <= text.count,
                let value = UInt8(String(decoding: text[at..<(at + 2)], as: UTF8.self), radix: 16)
            else { throw failure("two hex digits are missing behind `\\x`") }
            at += 2
            return value
        default:
            guard !ByteSet.word.contains(byte) else {
                throw failure("the escape `\\\(UnicodeScalar(byte))` is not known")
            }
            return byte
        }
    }

    private mutating func brackets() throws(LinePattern.Failure) -> PatternNode {
        at += 1
        let isInverted = take("^")
        var set = ByteSet()
        var isFirst = true
        while isFirst || next != UInt8(ascii: "]") {
            guard let byte = next else { throw failure("`]` is missing") }
            isFirst = false
            var lower = byte
            if byte == UInt8(ascii: "\\") {
                at += 1
                if let known = try escapedSet() {
                    set.formUnion(known)
                    continue
                }
                lower = try escapedByte()
            } else {
                at += 1
            }
            let isRange = next == UInt8(ascii: "-") && at + 1 < text.count && text[at + 1] != UInt8(ascii: "]")
            guard isRange else {
                set.insert(lower)
                continue
            }
            at += 1
            var upper = text[at]
            at += 1
            if upper == UInt8(ascii: "\\") { upper = try escapedByte() }
            guard lower <= upper else { throw failure("a range that ends before it begins") }
            for byte in lower...upper { set.insert(byte) }
        }
        at += 1
        return .set(index(of: isInverted ? set.inverted : set))
    }
}
