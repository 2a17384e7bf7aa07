/// Durations as people write them: `250ms`, `5s`, `10m`, `1h`, `30d`, also joined from large to small as in `1h30m`.
public enum DurationText {
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
    ]

    /// The form in the words of an error message.
    public static let form = "a time such as 250ms, 5s, 10m, 1h or 30d"

    /// Nil if `text` is not a duration or does not fit 64 bits of milliseconds.
    public static func parse(_ text: String) -> Duration? {
        var rest = Substring(text)
        var total: Int64 = 0
        var unitsLeft = units[...]
        repeat {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count)
            let name = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(name.count)
            guard let amount = Int64(digits), let index = unitsLeft.firstIndex(where: { $0.name == name }) else {
                return nil
            }
            let (part, tooLarge) = amount.multipliedReportingOverflow(by: units[index].milliseconds)
            let (sum, overflow) = total.addingReportingOverflow(part)
            guard !tooLarge, !overflow else { return nil }
            total = sum
            unitsLeft = unitsLeft[(index + 1)...]
        } while !rest.isEmpty
        return .milliseconds(total)
    }

    /// The shortest exact text of a duration of whole milliseconds, such as `1h30m`; `0s` for none.
    public static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        var rest = seconds.multipliedReportingOverflow(by: 1000).partialValue &+ attoseconds / 1_000_000_000_000_000
        guard rest > 0 else { return "0s" }
        var text = ""
        for unit in units where rest >= unit.milliseconds {
            text += "\(rest / unit.milliseconds)\(unit.name)"
            rest %= unit.milliseconds
        }
        return text
    }
}
