/// A unit by its UCUM code (`Cel`, `%`, `hPa`, `Ohm`, `[ppm]`, `V`, `1` …), carried as a number on the data path.
public struct Unit: Hashable, Sendable, CustomStringConvertible {
    /// Dense and process-local: usable as an array index, never stored.
    public let index: UInt32

    /// Units that one device can add, so that one that invents them does not use up the room of the others: thirty, and
    /// two once three quarters of all are known.
    public static let countMaxOfDevice = 30
    private static let quota = NameTable.Quota(usual: countMaxOfDevice, whenScarce: 2)

    private static let table = NameTable(
        countMax: 1_000, known: ["", "1", "Cel", "%", "hPa", "Ohm", "[ppm]", "V", "s", "ms", "dB[mW]"])

    /// Nil if `code` is longer than 32 bytes, holds control characters or a thousand other units are known.
    public init?(_ code: String) {
        guard Self.isCode(code), let index = Self.table.index(of: code) else { return nil }
        self.index = index
    }

    /// A code that `device` has sent; nil too if it has added `countMaxOfDevice` others.
    public init?(_ code: String, by device: DeviceName) {
        var code = code
        let index = Self.isCode(code) ? code.withUTF8 { Self.table.index(of: $0, by: device.index, Self.quota) } : nil
        guard let index else { return nil }
        self.index = index
    }

    private static func isCode(_ code: String) -> Bool {
        code.utf8.count <= 32 && code.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }

    /// For codes written in source code.
    public init(known code: StaticString) {
        index = Self.table.index(ofKnown: code)
    }

    /// The UCUM code as written.
    public var code: String { Self.table.text(at: index) }
    public var description: String { code }

    /// One of those that the table begins with: nothing is looked up for them.
    @inlinable init(place: UInt32) { index = place }

    /// No unit was given and none is known.
    @inlinable public static var none: Unit { Unit(place: 0) }
    @inlinable public static var one: Unit { Unit(place: 1) }
    @inlinable public static var celsius: Unit { Unit(place: 2) }
    @inlinable public static var percent: Unit { Unit(place: 3) }
    @inlinable public static var hectopascal: Unit { Unit(place: 4) }
    @inlinable public static var ohm: Unit { Unit(place: 5) }
    @inlinable public static var partsPerMillion: Unit { Unit(place: 6) }
    @inlinable public static var volt: Unit { Unit(place: 7) }
    @inlinable public static var second: Unit { Unit(place: 8) }
    @inlinable public static var millisecond: Unit { Unit(place: 9) }
    @inlinable public static var decibelMilliwatt: Unit { Unit(place: 10) }
}
