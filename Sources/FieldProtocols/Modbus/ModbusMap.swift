internal import GatewayModel

/// The four kinds of data of a slave, each with addresses of its own from 0.
public enum ModbusTable: String, Sendable, CaseIterable {
    case coil, discrete, input, holding

    /// The function that reads it.
    public var readFunction: UInt8 {
        switch self {
        case .coil: 1
        case .discrete: 2
        case .holding: 3
        case .input: 4
        }
    }

    /// Bits in place of registers.
    public var isBits: Bool { self == .coil || self == .discrete }

    /// What one request reads at most.
    public var countMax: Int { isBits ? ModbusPDU.bitCountMax : ModbusPDU.registerCountMax }

    /// A label of manuals such as 40001 or 300010 by what is on the wire; nil if it is none.
    public static func translate(label: Int) -> (table: ModbusTable, address: UInt16)? {
        guard (1...465_536).contains(label) else { return nil }
        let tables: [(Int, ModbusTable)] = [(1, .discrete), (3, .input), (4, .holding)]
        for (digit, table) in tables {
            if let address = UInt16(exactly: label - digit * 100_000 - 1) { return (table, address) }
            if (digit * 10_000 + 1...digit * 10_000 + 9_999).contains(label) {
                return (table, UInt16(label - digit * 10_000 - 1))
            }
        }
        return nil
    }
}

/// One value of a register map.
public struct ModbusPoint: Sendable {
    /// What the map calls it; commands that write name it.
    public var name: String
    public var table: ModbusTable
    /// As on the wire, from 0.
    public var address: UInt16
    public var type: RegisterType
    public var order: WordOrder
    /// Registers, or 1 for a bit of a bit table.
    public var count: Int
    /// Which bit of the register, for `bit`; 0 is the lowest.
    public var bit: Int
    /// How often it is read: an index of the map's groups; nil if it is only written.
    public var group: Int?
    public var rule: FieldRule
    /// What may be written; nil: nothing, which is the rule.
    public var writable: ClosedRange<Double>?

    public init(
        name: String, table: ModbusTable, address: UInt16, type: RegisterType, order: WordOrder = .big, count: Int,
        bit: Int = 0, group: Int? = 0, rule: FieldRule, writable: ClosedRange<Double>? = nil
    ) {
        self.name = name
        self.table = table
        self.address = address
        self.type = type
        self.order = order
        self.count = count
        self.bit = bit
        self.group = group
        self.rule = rule
        self.writable = writable
    }

    /// Adds the reading that these registers of the point give; nothing if they hold no value.
    func append(_ registers: ArraySlice<UInt16>, to batch: inout ObservationBatch) {
        guard let value = type.value(registers, order: order, bit: bit) else { return }
        rule.append(value, to: &batch)
    }
}

/// The register map of a kind of slave.
public struct ModbusMap: Sendable {
    /// Points that are read together at an interval of their own.
    public struct Group: Sendable, Equatable {
        public var name: String
        public var interval: Duration

        public init(name: String, interval: Duration) {
            self.name = name
            self.interval = interval
        }
    }

    /// What there is to read, and how often.
    public var points: [ModbusPoint]
    public var groups: [Group]
    /// Registers that nobody asked for and are read along, so that neighbours come in one request.
    public var gapMax: Int
    /// Registers in one request at most; some units allow few.
    public var registerCountMax: Int

    public init(points: [ModbusPoint], groups: [Group], gapMax: Int = 8, registerCountMax: Int = 125) {
        self.points = points
        self.groups = groups
        self.gapMax = gapMax
        self.registerCountMax = registerCountMax
    }
}
