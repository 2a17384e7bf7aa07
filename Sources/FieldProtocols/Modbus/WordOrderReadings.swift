internal import JSONText

/// One reading in all four word orders: the right one is the one that makes sense to a person.
public enum WordOrderReadings {
    /// What two registers say in one order.
    public struct Reading: Sendable {
        public var order: WordOrder
        public var unsigned: UInt32
        public var signed: Int32
        /// Nil if it is no finite number.
        public var float: Float?
    }

    /// In the order of `WordOrder.allCases`; empty unless there are two registers.
    public static func of(_ registers: [UInt16]) -> [Reading] {
        guard registers.count == 2 else { return [] }
        return WordOrder.allCases.map { order in
            let bits = UInt32(truncatingIfNeeded: order.bits(registers))
            let float = Float(bitPattern: bits)
            return Reading(
                order: order, unsigned: bits, signed: Int32(bitPattern: bits), float: float.isFinite ? float : nil)
        }
    }

    static func write(_ registers: [UInt16], _ writer: inout JSONWriter) {
        writer.key("orders")
        writer.beginObject()
        for reading in of(registers) {
            writer.key(reading.order.rawValue)
            writer.beginObject()
            writer.key("f32")
            // The shortest text of the float itself, not of the double that holds it.
            if let float = reading.float { writer.raw(float.description) } else { writer.null() }
            writer.key("i32")
            writer.integer(reading.signed)
            writer.key("u32")
            writer.unsigned(reading.unsigned)
            writer.endObject()
        }
        writer.endObject()
    }
}
