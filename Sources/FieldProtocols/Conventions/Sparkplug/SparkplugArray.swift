/// An array of a metric, packed into its bytes (specification 3.0, section 6.4.17).
struct SparkplugArray {
    let type: SparkplugType
    private let bytes: UnsafeRawBufferPointer
    /// Its elements.
    let count: Int
    /// The bytes of one; 0 for flags and texts.
    private let width: Int

    /// Nil if `type` is no array, or if the bytes are none of it.
    init?(_ bytes: UnsafeRawBufferPointer, _ type: SparkplugType?) {
        guard let type else { return nil }
        self.type = type
        self.bytes = bytes
        switch type {
        case .int8Array, .uint8Array: width = 1
        case .int16Array, .uint16Array: width = 2
        case .int32Array, .uint32Array, .floatArray: width = 4
        case .int64Array, .uint64Array, .doubleArray, .dateTimeArray: width = 8
        case .booleanArray:
            // A count of four bytes, and as many bits.
            guard bytes.count >= 4, bytes.count - 4 == (Int(bytes.u32(at: 0)) + 7) / 8 else { return nil }
            width = 0
            count = Int(bytes.u32(at: 0))
            return
        case .stringArray:
            // Each ends in a zero.
            guard bytes.last ?? 0 == 0 else { return nil }
            width = 0
            count = bytes.count { $0 == 0 }
            return
        default: return nil
        }
        guard bytes.count.isMultiple(of: width) else { return nil }
        count = bytes.count / width
    }

    /// Calls `body` for the elements in their order.
    func forEach<E: Error>(_ body: (SparkplugValue) throws(E) -> Void) throws(E) {
        var start = 0
        for index in 0..<count {
            guard type == .stringArray else {
                try body(element(index))
                continue
            }
            let end = bytes[start...].firstIndex(of: 0) ?? bytes.count
            try body(.text(UnsafeRawBufferPointer(rebasing: bytes[start..<end])))
            start = end + 1
        }
    }

    private func element(_ index: Int) -> SparkplugValue {
        // The first flag is the highest bit.
        if type == .booleanArray { return .flag(bytes[4 + index / 8] << UInt8(index % 8) & 0x80 != 0) }
        var bits: UInt64 = 0
        for place in (0..<width).reversed() { bits = bits << 8 | UInt64(bytes[index * width + place]) }
        let raw: SparkplugRaw =
            switch type {
            case .floatArray: .float(UInt32(truncatingIfNeeded: bits))
            case .doubleArray: .double(bits)
            default: .long(bits)
            }
        return raw.value(type.element)
    }
}
