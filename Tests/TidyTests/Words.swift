/// The words and signs of a line of code, for rules that look at tokens instead of characters.
enum Words {
    /// `public init(_ x: Int)` gives `public init ( _ x : Int )`.
    static func of(_ line: String) -> [Substring] {
        var words: [Substring] = []
        let bytes = line.utf8
        var at = bytes.startIndex
        while at < bytes.endIndex {
            let start = at
            while at < bytes.endIndex, isPartOfWord(bytes[at]) { at = bytes.index(after: at) }
            if at > start {
                words.append(line[start..<at])
            } else {
                at = bytes.index(after: at)
                if bytes[start] > 0x20 { words.append(line[start..<at]) }
            }
        }
        return words
    }

    /// Letters, digits and the underscore; of other alphabets everything.
    static func isPartOfWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }
}
