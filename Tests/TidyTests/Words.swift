/// The words and signs of a line of code, for rules that look at tokens instead of characters.
enum Words {
    /// `public init(_ x: Int)` gives `public init ( _ x : Int )`.
    static func of(_ line: String) -> [Substring] {
        var words: [Substring] = []
        var rest = Substring(line)
        while let first = rest.first {
            if first.isWhitespace {
                rest = rest.dropFirst()
                continue
            }
            let word = isPartOfWord(first) ? rest.prefix(while: isPartOfWord) : rest.prefix(1)
            words.append(word)
            rest = rest.dropFirst(word.count)
        }
        return words
    }

    static func isPartOfWord(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "_"
    }
}
