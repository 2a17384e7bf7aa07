public import JSONText

/// What a forwarder tells of its gateway every half minute or so: the object `stat`.
public struct SemtechStatistics: Sendable, Equatable {
    /// The gateway's own time, Unix milliseconds.
    public var time: Int64?
    public var latitude: Double?
    public var longitude: Double?
    public var altitude: Double?
    /// Packets heard, heard with a good checksum, and forwarded, since the last report.
    public var received: Double?
    public var receivedGood: Double?
    public var forwarded: Double?
    /// Share of its datagrams that the server acknowledged, in percent.
    public var acknowledged: Double?
    /// Downlinks that came, and that were sent.
    public var downlinks: Double?
    public var transmitted: Double?
    public var temperature: Double?
    /// `pfrm`, `mail` and `desc`, as far as they are there.
    public var platform: String?
    public var contact: String?
    public var description: String?

    /// Reads the object; members of another kind are passed over.
    public init(_ value: JSONValue) throws(LoRaError) {
        guard value.isObject else { throw LoRaError(.notAnObject) }
        time = value["time"]?.utf8.flatMap { Self.milliseconds($0) }
        latitude = value["lati"]?.double.flatMap { (-90...90).contains($0) ? $0 : nil }
        longitude = value["long"]?.double.flatMap { (-180...180).contains($0) ? $0 : nil }
        altitude = value["alti"]?.double
        received = value["rxnb"]?.double
        receivedGood = value["rxok"]?.double
        forwarded = value["rxfw"]?.double
        acknowledged = value["ackr"]?.double.flatMap { (0...100).contains($0) ? $0 : nil }
        downlinks = value["dwnb"]?.double
        transmitted = value["txnb"]?.double
        temperature = value["temp"]?.double
        platform = Self.text(value["pfrm"])
        contact = Self.text(value["mail"])
        description = Self.text(value["desc"])
    }

    private static func text(_ value: JSONValue?) -> String? {
        guard let text = value?.utf8, !text.isEmpty, text.count <= 256 else { return nil }
        return String(decoding: text, as: UTF8.self)
    }

    /// `2026-05-04 10:15:30 GMT`, or RFC 3339.
    private static func milliseconds(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
        let zone = " GMT".utf8
        guard text.count > zone.count, text.suffix(zone.count).elementsEqual(zone) else {
            return RFC3339.milliseconds(utf8: text)
        }
        return RFC3339.milliseconds(utf8: UnsafeBufferPointer(rebasing: text.dropLast(zone.count)))
    }
}
