extension YAMLNode {
    /// The text of a scalar that was not left empty, whatever its style.
    public var text: String? {
        guard case .scalar(let text, _) = content, !isNull else { return nil }
        return text
    }

    /// The text of a scalar written without quotes: only those can be numbers and switches.
    public var plainText: String? {
        guard case .scalar(let text, .plain) = content, !isNull else { return nil }
        return text
    }

    /// A whole number in decimal, underscores allowed between digits.
    public var integer: Int? {
        guard let text = plainText, !text.hasPrefix("_"), !text.hasSuffix("_"), !text.hasPrefix("+") else { return nil }
        return Int(text.filter { $0 != "_" })
    }

    /// A finite number.
    public var number: Double? {
        guard let text = plainText, text.allSatisfy({ "+-.eE0123456789".contains($0) }), let number = Double(text),
            number.isFinite
        else { return nil }
        return number
    }

    /// `true` or `false`, nothing else.
    public var flag: Bool? {
        switch plainText {
        case "true": true
        case "false": false
        default: nil
        }
    }
}
