extension RegisterType {
    /// The value that `registers` hold; nil if they cannot be one: digits beyond 9 in a BCD number, a float that is not
    /// finite. A `bit` is the one at `place`.
    ///
    /// - Parameter registers: as many as the type has.
    public func value(_ registers: ArraySlice<UInt16>, order: WordOrder, bit place: Int = 0) -> FieldValue? {
        guard let first = registers.first, registers.count == registerCount ?? registers.count else { return nil }
        switch self {
        case .u16: return .integer(Int64(order.bits([first])))
        case .i16: return .integer(Int64(Int16(truncatingIfNeeded: order.bits([first]))))
        case .u32: return .integer(Int64(order.bits(registers)))
        case .i32: return .integer(Int64(Int32(truncatingIfNeeded: order.bits(registers))))
        case .u64:
            let bits = order.bits(registers)
            return Int64(exactly: bits).map { .integer($0) } ?? .number(Double(bits))
        case .i64: return .integer(Int64(bitPattern: order.bits(registers)))
        case .f32: return .finite(Double(Float(bitPattern: UInt32(truncatingIfNeeded: order.bits(registers)))))
        case .f64: return .finite(Double(bitPattern: order.bits(registers)))
        case .bool: return .flag(first != 0)
        case .bit: return .flag(order.bits([first]) >> UInt64(place & 15) & 1 != 0)
        case .string: return .text(Self.text(registers, order))
        case .bcd: return Self.decimal(registers, order).map { .integer($0) }
        }
    }

    /// Two characters a register, the first in the high byte unless the bytes are swapped; ends at a zero, blanks around
    /// are dropped.
    private static func text(_ registers: ArraySlice<UInt16>, _ order: WordOrder) -> String {
        let words = order.swapsWords ? Array(registers.reversed()) : Array(registers)
        let bytes = words.flatMap { word -> [UInt8] in
            let word = order.swapsBytes ? word.byteSwapped : word
            return [UInt8(word >> 8), UInt8(truncatingIfNeeded: word)]
        }
        let kept = bytes.prefix { $0 != 0 }.map { $0 < 0x20 || $0 == 0x7F ? 0x20 : $0 }
        let text = String(decoding: kept, as: UTF8.self)
        return String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }

    /// Four digits a register.
    private static func decimal(_ registers: ArraySlice<UInt16>, _ order: WordOrder) -> Int64? {
        guard registers.count <= 4 else { return nil }
        let bits = order.bits(registers)
        var value: Int64 = 0
        for place in (0..<(registers.count * 4)).reversed() {
            let digit = Int64(bits >> UInt64(4 * place) & 0xF)
            guard digit <= 9 else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    /// The registers to write for `value`, in the units of the wire; nil if it does not fit the type.
    public func registers(for value: Double, order: WordOrder) -> [UInt16]? {
        func whole<Integer: FixedWidthInteger>(_: Integer.Type) -> UInt64? {
            Integer(exactly: value.rounded()).map { UInt64(truncatingIfNeeded: $0) }
        }
        let bits: UInt64? =
            switch self {
            case .u16: whole(UInt16.self)
            case .i16: whole(Int16.self).map { $0 & 0xFFFF }
            case .u32: whole(UInt32.self)
            case .i32: whole(Int32.self).map { $0 & 0xFFFF_FFFF }
            case .u64: whole(UInt64.self)
            case .i64: whole(Int64.self)
            case .f32: Float(value).isFinite ? UInt64(Float(value).bitPattern) : nil
            case .f64: value.isFinite ? value.bitPattern : nil
            case .bool: value == 0 || value == 1 ? UInt64(value) : nil
            case .bit, .string, .bcd: nil
            }
        guard let bits, let count = registerCount else { return nil }
        return order.registers(bits, count: count)
    }
}
