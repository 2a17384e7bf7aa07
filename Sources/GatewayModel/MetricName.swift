/// A dotted, stable metric name such as `bme688_a.temperature`, carried as a number on the data path.
public struct MetricName: Hashable, Sendable, CustomStringConvertible {
    /// Dense and process-local: usable as an array index, never stored.
    public let index: UInt32

    /// Names a gateway can know at once. 5,000 devices of one kind share theirs; a site has some hundreds.
    public static let countMax = 20_000
    public static let byteCountMax = 128
    /// Names that one device can add, so that one that invents them does not use up the room of the others: a thousand,
    /// and fifty once three quarters of all are known.
    public static let countMaxOfDevice = 1_000
    private static let quota = NameTable.Quota(usual: countMaxOfDevice, whenScarce: 50)

    private static let table = NameTable(countMax: countMax)

    /// Nil if `name` is empty, longer than `byteCountMax`, holds control characters or the table is full.
    public init?(_ name: String) {
        var name = name
        guard let made = name.withUTF8({ MetricName(utf8: $0) }) else { return nil }
        self = made
    }

    /// As `init(_:)`, from bytes known to be UTF-8; allocates nothing for a name seen before.
    public init?(utf8 name: UnsafeBufferPointer<UInt8>) {
        guard Self.isName(name), let index = Self.table.index(of: name) else { return nil }
        self.index = index
    }

    /// A name that `device` has sent; nil too if it has added `countMaxOfDevice` others.
    public init?(utf8 name: UnsafeBufferPointer<UInt8>, by device: DeviceName) {
        guard Self.isName(name), let index = Self.table.index(of: name, by: device.index, Self.quota) else {
            return nil
        }
        self.index = index
    }

    /// As the other, from a text.
    public init?(_ name: String, by device: DeviceName) {
        var name = name
        guard let made = name.withUTF8({ MetricName(utf8: $0, by: device) }) else { return nil }
        self = made
    }

    private static func isName(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        !name.isEmpty && name.count <= byteCountMax && name.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }

    /// For names written in source code.
    public init(known name: StaticString) {
        index = Self.table.index(ofKnown: name)
    }

    /// For names put together of texts in source code, such as one for each of four inputs; never of what comes from outside.
    public init(ownName name: String) {
        index = Self.table.index(ofKnown: name)
    }

    /// The name as written.
    public var text: String { Self.table.text(at: index) }
    public var description: String { text }
}
