/// The scalar readers. Each comes as an optional (nil: absent, or wrong and reported) and with a default; a required key
/// that is missing or wrong gives a placeholder, which is never used because a problem was reported.
extension YAMLSection {
    /// Text of a length in bytes.
    public func text(_ key: String, length: ClosedRange<Int> = 1...4096) -> String? {
        value(key, accepted: Self.textForm(length)) { Self.text($0, length) }
    }

    /// Text that must be there.
    public func requiredText(_ key: String, length: ClosedRange<Int> = 1...4096) -> String {
        requiredValue(key, accepted: Self.textForm(length)) { Self.text($0, length) } ?? ""
    }

    static func textForm(_ length: ClosedRange<Int>) -> String {
        "text of \(length.lowerBound)…\(length.upperBound) bytes without control characters"
    }

    static func text(_ node: YAMLNode, _ length: ClosedRange<Int>) -> String? {
        guard let text = node.text, length.contains(text.utf8.count), text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else { return nil }
        return text
    }

    /// A whole number in a range.
    public func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
        value(key, accepted: Self.form(range)) { $0.integer.flatMap { range.contains($0) ? $0 : nil } }
    }

    /// A whole number in a range, or the default.
    public func integer(_ key: String, in range: ClosedRange<Int>, default value: Int) -> Int {
        integer(key, in: range) ?? value
    }

    /// A whole number that must be there.
    public func requiredInteger(_ key: String, in range: ClosedRange<Int>) -> Int {
        requiredValue(key, accepted: Self.form(range)) { $0.integer.flatMap { range.contains($0) ? $0 : nil } }
            ?? range.lowerBound
    }

    /// A finite number in a range.
    public func number(_ key: String, in range: ClosedRange<Double>) -> Double? {
        value(key, accepted: "\(range.lowerBound)…\(range.upperBound)") {
            $0.number.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// `true` or `false`.
    public func flag(_ key: String) -> Bool? {
        value(key, accepted: "true or false") { $0.flag }
    }

    /// `true` or `false`, or the default.
    public func flag(_ key: String, default value: Bool) -> Bool { flag(key) ?? value }

    private static func form(_ range: ClosedRange<Int>) -> String { "\(range.lowerBound)…\(range.upperBound)" }

    /// A duration in a range, such as `5s`, in quotes or not.
    public func duration(_ key: String, in range: ClosedRange<Duration>) -> Duration? {
        let form =
            "\(DurationText.text(range.lowerBound))…\(DurationText.text(range.upperBound)) as \(DurationText.form)"
        return value(key, accepted: form) {
            $0.text.flatMap(DurationText.parse).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// A duration in a range, or the default.
    public func duration(_ key: String, in range: ClosedRange<Duration>, default value: Duration) -> Duration {
        duration(key, in: range) ?? value
    }

    /// A size in bytes in a range, such as `64MiB`, in quotes or not.
    public func byteCount(_ key: String, in range: ClosedRange<Int64>) -> Int64? {
        let lower = ByteCountText.text(range.lowerBound)
        let form = "\(lower)…\(ByteCountText.text(range.upperBound)) as \(ByteCountText.form)"
        return value(key, accepted: form) {
            $0.text.flatMap(ByteCountText.parse).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// A size in bytes in a range, or the default.
    public func byteCount(_ key: String, in range: ClosedRange<Int64>, default value: Int64) -> Int64 {
        byteCount(key, in: range) ?? value
    }

    /// One of the names of an enum.
    public func choice<Choice: CaseIterable & RawRepresentable<String>>(
        _ key: String, of _: Choice.Type = Choice.self
    ) -> Choice? {
        value(key, accepted: Self.names(of: Choice.self)) { $0.text.flatMap(Choice.init(rawValue:)) }
    }

    /// One of the names of an enum, or the default.
    public func choice<Choice: CaseIterable & RawRepresentable<String>>(
        _ key: String, default value: Choice
    ) -> Choice {
        choice(key, of: Choice.self) ?? value
    }

    /// One of the names of an enum; nil only together with a reported problem.
    public func requiredChoice<Choice: CaseIterable & RawRepresentable<String>>(
        _ key: String, of _: Choice.Type = Choice.self
    ) -> Choice? {
        requiredValue(key, accepted: Self.names(of: Choice.self)) { $0.text.flatMap(Choice.init(rawValue:)) }
    }

    static func names<Choice: CaseIterable & RawRepresentable<String>>(of _: Choice.Type) -> String {
        Choice.allCases.map(\.rawValue).joined(separator: ", ")
    }
}
