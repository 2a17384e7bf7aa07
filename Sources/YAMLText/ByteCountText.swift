/// Sizes as people write them: `512B`, `64KiB`, `64MiB`, `2GiB`, also the decimal `kB MB GB TB`, or a plain count of bytes.
public enum ByteCountText {
    private static let units: [(name: String, bytes: Int64)] = [
        ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10),
        ("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000), ("B", 1), ("", 1),
    ]

    /// The form in the words of an error message.
    public static let form = "a size such as 512KiB, 64MiB or 2GiB"

    /// Nil if `text` is not a size or does not fit 63 bits.
    public static func parse(_ text: String) -> Int64? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let name = text.dropFirst(digits.count)
        guard let amount = Int64(digits), let unit = units.first(where: { $0.name == name }) else { return nil }
        let (bytes, tooLarge) = amount.multipliedReportingOverflow(by: unit.bytes)
        return tooLarge ? nil : bytes
    }

    /// The shortest exact text, such as `64MiB`.
    public static func text(_ bytes: Int64) -> String {
        let unit = units.prefix(4).first { bytes != 0 && bytes % $0.bytes == 0 } ?? ("B", 1)
        return "\(bytes / unit.bytes)\(unit.name)"
    }
}
