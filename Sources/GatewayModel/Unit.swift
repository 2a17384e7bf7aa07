/// A unit by its UCUM code (`Cel`, `%`, `hPa`, `Ohm`, `[ppm]`, `V`, `1` …), carried as a number on the data path.
public struct Unit: Hashable, Sendable, CustomStringConvertible {
    /// Dense and process-local: usable as an array index, never stored.
    public let index: UInt32

    private static let table = NameTable(countMax: 1_000, known: [""])

    /// Nil if `code` is longer than 32 bytes, holds control characters or a thousand other units are known.
    public init?(_ code: String) {
        guard code.utf8.count <= 32, code.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }),
            let index = Self.table.index(of: code)
        else { return nil }
        self.index = index
    }

    /// For codes written in source code.
    public init(known code: StaticString) {
        index = Self.table.index(ofKnown: code)
    }

    /// The UCUM code as written.
    public var code: String { Self.table.text(at: index) }
    public var description: String { code }

    /// No unit was given and none is known.
    public static let none = Unit(known: "")
    public static let one = Unit(known: "1")
    public static let celsius = Unit(known: "Cel")
    public static let percent = Unit(known: "%")
    public static let hectopascal = Unit(known: "hPa")
    public static let ohm = Unit(known: "Ohm")
    public static let partsPerMillion = Unit(known: "[ppm]")
    public static let volt = Unit(known: "V")
    public static let second = Unit(known: "s")
    public static let millisecond = Unit(known: "ms")
    public static let decibelMilliwatt = Unit(known: "dB[mW]")
}
