internal import GatewayModel

/// Names of other conventions as ids and metrics of ours.
enum ForeignName {
    /// The device that levels of a topic, or words of a payload, name together: joined by `:`. What cannot stand in an id,
    /// or between others would be taken for the `:`, is written `%XX`, so that two names never become one.
    ///
    /// Nil if the result is too long or empty, or if the tables of names are full.
    static func device(_ parts: UnsafeBufferPointer<UInt8>...) -> DeviceName? {
        if parts.count == 1, let part = parts.first, isPlain(part) { return DeviceName(utf8: part) }
        var id: [UInt8] = []
        for (index, part) in parts.enumerated() {
            if index > 0 { id.append(UInt8(ascii: ":")) }
            guard !part.isEmpty, part.count <= DeviceID.byteCountMax, isUTF8(part) else { return nil }
            for byte in part { append(byte, isFirst: id.isEmpty, isAlone: parts.count == 1, to: &id) }
        }
        return id.withUnsafeBufferPointer { DeviceName(utf8: $0) }
    }

    /// As the other, from a text.
    static func device(_ name: String) -> DeviceName? {
        var name = name
        return name.withUTF8 { device($0) }
    }

    /// A metric of `device` by its name there: `/` separates as our `.` does, white space is `_`.
    static func metric(_ name: UnsafeBufferPointer<UInt8>, by device: DeviceName) -> MetricName? {
        guard !name.isEmpty, name.count <= MetricName.byteCountMax, isUTF8(name) else { return nil }
        let bytes = name.map { byte -> UInt8 in
            switch byte {
            case UInt8(ascii: "/"): UInt8(ascii: ".")
            case 0x20, 0x09: UInt8(ascii: "_")
            default: byte
            }
        }
        return bytes.withUnsafeBufferPointer { MetricName(utf8: $0, by: device) }
    }

    /// As the other, from a text.
    static func metric(_ name: String, by device: DeviceName) -> MetricName? {
        var name = name
        return name.withUTF8 { metric($0, by: device) }
    }

    /// Names in camel case as ours are: `DewPoint` → `dew_point`, `PM2.5` → `pm2_5`, `UPTIME` → `uptime`.
    static func snakeCase(_ name: String) -> String {
        var result: [UInt8] = []
        var previous: UInt8 = 0
        for byte in name.utf8 {
            let isUpper = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            let wasLower = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(previous)
            if isUpper, wasLower { result.append(UInt8(ascii: "_")) }
            switch byte {
            case UInt8(ascii: "."), UInt8(ascii: "/"), 0x20: result.append(UInt8(ascii: "_"))
            default: result.append(isUpper ? byte + 0x20 : byte)
            }
            previous = byte
        }
        return String(decoding: result, as: UTF8.self)
    }

    static func isUTF8(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        isASCII(UnsafeRawBufferPointer(bytes)) || String(validating: bytes, as: UTF8.self) != nil
    }

    private static func isASCII(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var offset = 0
        var high: UInt64 = 0
        while offset + 8 <= bytes.count {
            high |= bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            offset += 8
        }
        while offset < bytes.count {
            high |= UInt64(bytes[offset])
            offset += 1
        }
        return high & 0x8080_8080_8080_8080 == 0
    }

    private static func isPlain(_ part: UnsafeBufferPointer<UInt8>) -> Bool {
        DeviceID.isValid(part) && isUTF8(part) && !part.contains(UInt8(ascii: "%"))
    }

    private static func append(_ byte: UInt8, isFirst: Bool, isAlone: Bool, to id: inout [UInt8]) {
        let isPlain =
            switch byte {
            case UInt8(ascii: "$"), UInt8(ascii: "."): !isFirst
            case UInt8(ascii: ":"): isAlone
            case UInt8(ascii: "/"), UInt8(ascii: "+"), UInt8(ascii: "#"), UInt8(ascii: "\""), UInt8(ascii: "\\"),
                UInt8(ascii: "%"), 0...0x20, 0x7F:
                false
            default: true
            }
        if isPlain { return id.append(byte) }
        let digits = StaticString("0123456789ABCDEF").utf8Start
        id += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
}
