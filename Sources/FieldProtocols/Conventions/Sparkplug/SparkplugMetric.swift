/// One metric of a payload, borrowed from its bytes (specification 3.0, section 6.4.1, `Payload.Metric`).
struct SparkplugMetric {
    /// Not known to be UTF-8; nil in data, where the alias stands for it.
    var name: UnsafeRawBufferPointer?
    var alias: UInt64?
    /// Unix milliseconds; nil: the payload's.
    var timestamp: UInt64?
    var typeCode: UInt32?
    var isHistorical = false
    var isTransient = false
    var isNull = false
    var raw = SparkplugRaw.absent
    private(set) var properties: UnsafeRawBufferPointer?

    var type: SparkplugType? { typeCode.flatMap { SparkplugType(rawValue: $0) } }

    init(_ bytes: UnsafeRawBufferPointer) throws(ProtobufError) {
        var reader = ProtobufReader(bytes)
        while let field = try reader.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let name)): self.name = name
            case (2, .varint(let alias)): self.alias = alias
            case (3, .varint(let time)): timestamp = time
            case (4, .varint(let code)): typeCode = UInt32(truncatingIfNeeded: code)
            case (5, .varint(let flag)): isHistorical = flag != 0
            case (6, .varint(let flag)): isTransient = flag != 0
            case (7, .varint(let flag)): isNull = flag != 0
            case (9, .bytes(let set)): properties = set
            case (10, .varint(let bits)): raw = .int(UInt32(truncatingIfNeeded: bits))
            case (11, .varint(let bits)): raw = .long(bits)
            case (12, .fixed32(let bits)): raw = .float(bits)
            case (13, .fixed64(let bits)): raw = .double(bits)
            case (14, .varint(let flag)): raw = .flag(flag != 0)
            case (15, .bytes(let text)): raw = .text(text)
            case (16, .bytes(let bytes)): raw = .bytes(bytes)
            case (17, .bytes): raw = .dataSet
            case (18, .bytes): raw = .template
            case (19, _): raw = .other
            case (1...7, _), (9...18, _): throw ProtobufError(reason: .badField, offset: reader.offset)
            default: break
            }
        }
    }

    /// What the property set says of the unit and the quality (`engUnit`, and `Quality` with OPC codes).
    func traits() throws(ProtobufError) -> SparkplugTraits {
        guard let properties else { return SparkplugTraits() }
        return try SparkplugTraits(properties)
    }
}

/// Properties of a metric that say something about its values.
struct SparkplugTraits {
    private static let keyCountMax = 64

    var unit: String?
    /// 192 good, 0 bad, 500 stale.
    var quality: UInt64?

    init() {}

    init(_ set: UnsafeRawBufferPointer) throws(ProtobufError) {
        var keys: [UnsafeRawBufferPointer] = []
        var values: [UnsafeRawBufferPointer] = []
        var reader = ProtobufReader(set)
        while let field = try reader.next() {
            guard let bytes = field.bytes, keys.count < Self.keyCountMax, values.count < Self.keyCountMax else {
                continue
            }
            if field.number == 1 { keys.append(bytes) } else if field.number == 2 { values.append(bytes) }
        }
        for (key, value) in zip(keys, values) {
            switch key.count {
            case 7 where key.elementsEqual("engUnit".utf8): unit = try Self.text(value)
            case 7 where key.elementsEqual("Quality".utf8): quality = try Self.number(value)
            default: break
            }
        }
    }

    private static func text(_ value: UnsafeRawBufferPointer) throws(ProtobufError) -> String? {
        var reader = ProtobufReader(value)
        while let field = try reader.next() {
            if field.number == 8, let text = field.bytes, text.count <= 32 {
                return String(decoding: text, as: UTF8.self)
            }
        }
        return nil
    }

    private static func number(_ value: UnsafeRawBufferPointer) throws(ProtobufError) -> UInt64? {
        var reader = ProtobufReader(value)
        while let field = try reader.next() {
            if field.number == 3 || field.number == 4, let number = field.varint { return number }
        }
        return nil
    }
}
