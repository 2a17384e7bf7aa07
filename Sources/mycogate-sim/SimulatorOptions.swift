/// A command line that cannot be followed.
struct UsageError: Error {
    var message: String
}

/// A verb, its words, and options of the form `--name value` or `--name`.
struct SimulatorOptions {
    let verb: String
    private var rest: [String]

    init(_ arguments: [String]) throws(UsageError) {
        guard let verb = arguments.first else { throw UsageError(message: "no verb given") }
        self.verb = verb
        rest = Array(arguments.dropFirst())
    }

    /// Takes the value of an option.
    mutating func text(_ name: String) -> String? {
        guard let at = rest.firstIndex(of: "--\(name)"), at + 1 < rest.count else { return nil }
        let value = rest[at + 1]
        rest.removeSubrange(at...(at + 1))
        return value
    }

    mutating func required(_ name: String) throws(UsageError) -> String {
        guard let value = text(name) else { throw UsageError(message: "--\(name) is missing") }
        return value
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int>) throws(UsageError) -> Int? {
        guard let text = text(name) else { return nil }
        guard let value = Int(text), range.contains(value) else {
            throw UsageError(message: "--\(name) \(text): accepted \(range.lowerBound)…\(range.upperBound)")
        }
        return value
    }

    mutating func flag(_ name: String) -> Bool {
        guard let at = rest.firstIndex(of: "--\(name)") else { return false }
        rest.remove(at: at)
        return true
    }

    /// Takes the next word that is no option.
    mutating func word(_ what: String) throws(UsageError) -> String {
        guard let first = rest.first, !first.hasPrefix("--") else { throw UsageError(message: "missing: \(what)") }
        rest.removeFirst()
        return first
    }

    /// Refuses what nobody asked for.
    func finish() throws(UsageError) {
        if let first = rest.first { throw UsageError(message: "not understood: \(first)") }
    }
}
