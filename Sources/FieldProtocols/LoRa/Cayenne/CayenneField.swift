public import GatewayModel

/// What a type of Cayenne LPP means: how many bytes, how they are read, and what they measure.
public struct CayenneField: Sendable, Equatable {
    /// `temperature`, `barometer` …
    public var kind: String
    /// Bytes of each part; one to four.
    public var byteCount: Int
    public var isSigned: Bool
    /// What each part is divided by; as many as there are parts, one to three.
    public var divisors: [Double]
    /// The names of the parts, if there are several.
    public var parts: [String]
    /// The unit as `decode` prints it; empty if there is none.
    public var unitText: String
    /// The first component of the metric's name, and its unit.
    public var metric: String
    public var unit: Unit

    /// All bytes behind the type.
    public var length: Int { byteCount * divisors.count }

    init(
        _ kind: String, bytes: Int, signed: Bool = false, divisor: Double = 1, unit: String = "", metric: String? = nil,
        code: String? = nil
    ) {
        self.init(kind, bytes: bytes, signed: signed, parts: [(kind, divisor)], unit: unit, metric: metric, code: code)
        parts = []
    }

    init(
        _ kind: String, bytes: Int, signed: Bool, parts: [(name: String, divisor: Double)], unit: String = "",
        metric: String? = nil, code: String? = nil
    ) {
        self.kind = kind
        byteCount = bytes
        isSigned = signed
        divisors = parts.map(\.divisor)
        self.parts = parts.map(\.name)
        unitText = unit
        self.metric = metric ?? kind
        self.unit = Unit(code ?? unit) ?? .none
    }

    /// Another reading of a type, for one device: `u16`, `s24`, `u32` and so on, with what it is divided by.
    ///
    /// Nil unless it has one to four bytes, a divisor that is finite and not zero, and a name a metric may have.
    public init?(custom name: String, form: String, divisor: Double, unit: String) {
        guard let first = form.utf8.first, first == UInt8(ascii: "u") || first == UInt8(ascii: "s"),
            let bits = Int(form.dropFirst()), [8, 16, 24, 32].contains(bits), divisor.isFinite, divisor != 0,
            !name.isEmpty, name.utf8.count <= 64,
            name.utf8.allSatisfy({ $0 == UInt8(ascii: "_") || (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) }
            ),
            Unit(unit) != nil
        else { return nil }
        self.init(name, bytes: bits / 8, signed: first == UInt8(ascii: "s"), divisor: divisor, unit: unit)
    }
}

/// The types that a device uses. The extensions are not in the first specification and libraries disagree on them, so each
/// can be given another meaning.
public struct CayenneTable: Sendable {
    private(set) var fields: [CayenneField?]

    /// The types of the specification and the common extensions.
    public static let standard = CayenneTable()

    init() {
        fields = Array(repeating: nil, count: 256)
        for (type, field) in Self.specification + Self.extensions { fields[type] = field }
    }

    /// What a type means; nil if the device does not use it.
    public subscript(_ type: UInt8) -> CayenneField? {
        get { fields[Int(type)] }
        set { fields[Int(type)] = newValue }
    }

    private static let specification: [(Int, CayenneField)] = [
        (0, CayenneField("digital_in", bytes: 1)),
        (1, CayenneField("digital_out", bytes: 1)),
        (2, CayenneField("analog_in", bytes: 2, signed: true, divisor: 100)),
        (3, CayenneField("analog_out", bytes: 2, signed: true, divisor: 100)),
        (101, CayenneField("illuminance", bytes: 2, unit: "lx")),
        (102, CayenneField("presence", bytes: 1)),
        (103, CayenneField("temperature", bytes: 2, signed: true, divisor: 10, unit: "Cel")),
        (104, CayenneField("humidity", bytes: 1, divisor: 2, unit: "%RH", code: "%")),
        (
            113,
            CayenneField(
                "accelerometer", bytes: 2, signed: true, parts: [("x", 1_000), ("y", 1_000), ("z", 1_000)], unit: "g",
                metric: "acceleration", code: "[g]")
        ),
        (115, CayenneField("barometer", bytes: 2, divisor: 10, unit: "hPa", metric: "pressure")),
        (
            134,
            CayenneField(
                "gyrometer", bytes: 2, signed: true, parts: [("x", 100), ("y", 100), ("z", 100)], unit: "deg/s",
                metric: "rotation")
        ),
        (
            136,
            CayenneField(
                "gps", bytes: 3, signed: true,
                parts: [("latitude", 10_000), ("longitude", 10_000), ("altitude", 100)])
        ),
    ]

    private static let extensions: [(Int, CayenneField)] = [
        (100, CayenneField("generic", bytes: 4)),
        (116, CayenneField("voltage", bytes: 2, divisor: 100, unit: "V")),
        (117, CayenneField("current", bytes: 2, divisor: 1_000, unit: "A")),
        (118, CayenneField("frequency", bytes: 4, unit: "Hz")),
        (120, CayenneField("percentage", bytes: 1, unit: "%")),
        (121, CayenneField("altitude", bytes: 2, signed: true, unit: "m")),
        (125, CayenneField("concentration", bytes: 2, unit: "ppm", code: "[ppm]")),
        (128, CayenneField("power", bytes: 2, unit: "W")),
        (130, CayenneField("distance", bytes: 4, divisor: 1_000, unit: "m")),
        (131, CayenneField("energy", bytes: 4, divisor: 1_000, unit: "kWh", code: "kW.h")),
        (132, CayenneField("direction", bytes: 2, unit: "deg")),
        (133, CayenneField("unix_time", bytes: 4, code: "s")),
        (135, CayenneField("colour", bytes: 1, signed: false, parts: [("r", 1), ("g", 1), ("b", 1)])),
        (142, CayenneField("switch", bytes: 1)),
    ]
}
