/// What the registers of a point hold.
public enum RegisterType: String, Sendable, CaseIterable {
    case u16, i16, u32, i32, u64, i64, f32, f64, bool, bit, string, bcd

    /// Its registers where the type alone says it; strings and BCD numbers say it themselves.
    public var registerCount: Int? {
        switch self {
        case .u16, .i16, .bool, .bit: 1
        case .u32, .i32, .f32: 2
        case .u64, .i64, .f64: 4
        case .string, .bcd: nil
        }
    }

    /// By the name of a map: `uint16`, `int32`, `float32` and the like mean the same.
    public init?(name: String) {
        if let type = RegisterType(rawValue: name) {
            self = type
            return
        }
        let aliases: [String: RegisterType] = [
            "uint16": .u16, "int16": .i16, "uint32": .u32, "int32": .i32, "uint64": .u64, "int64": .i64,
            "float32": .f32, "float": .f32, "float64": .f64, "double": .f64,
        ]
        guard let type = aliases[name] else { return nil }
        self = type
    }
}

/// How a value of several registers lies in them, by its bytes from the highest: the specification leaves it open.
public enum WordOrder: String, Sendable, CaseIterable {
    /// The highest word first, the highest byte of each first.
    case big = "ABCD"
    /// The lowest word first.
    case wordSwap = "CDAB"
    /// The lowest byte of each word first.
    case byteSwap = "BADC"
    /// Both.
    case little = "DCBA"

    var swapsBytes: Bool { self == .byteSwap || self == .little }
    var swapsWords: Bool { self == .wordSwap || self == .little }

    /// The bits of up to four registers as one number.
    public func bits(_ registers: some BidirectionalCollection<UInt16>) -> UInt64 {
        var bits: UInt64 = 0
        func take(_ register: UInt16) { bits = bits << 16 | UInt64(swapsBytes ? register.byteSwapped : register) }
        if swapsWords { registers.reversed().forEach(take) } else { registers.forEach(take) }
        return bits
    }

    /// The registers that hold these bits.
    public func registers(_ bits: UInt64, count: Int) -> [UInt16] {
        let words = (0..<count).reversed().map { place in
            let word = UInt16(truncatingIfNeeded: bits >> UInt64(16 * place))
            return swapsBytes ? word.byteSwapped : word
        }
        return swapsWords ? words.reversed() : words
    }
}
