public import JSONText

/// What a gateway tells of itself every half minute or so, by its packet forwarder or by ChirpStack.
public struct GatewayStatistics: Sendable, Equatable {
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

    /// Reads the object `stat` of a packet forwarder; members of another kind are passed over.
    public init(_ value: JSONValue) throws(LoRaError) {
        guard value.isObject else { throw LoRaError(.notAnObject) }
        time = value["time"]?.utf8.flatMap { Self.milliseconds($0) }
        latitude = value["lati"]?.double.flatMap { $0.plausible(-90...90) }
        longitude = value["long"]?.double.flatMap { $0.plausible(-180...180) }
        altitude = value["alti"]?.double
        received = value["rxnb"]?.double
        receivedGood = value["rxok"]?.double
        forwarded = value["rxfw"]?.double
        acknowledged = value["ackr"]?.double.flatMap { $0.plausible(0...100) }
        downlinks = value["dwnb"]?.double
        transmitted = value["txnb"]?.double
        temperature = value["temp"]?.double
        platform = Self.text(value["pfrm"])
        contact = Self.text(value["mail"])
        description = Self.text(value["desc"])
    }

    /// Reads `event/stats` of ChirpStack v4, in which zeros may be missing.
    init(chirpStack value: JSONValue) {
        time = NetworkValue.time(value["time"])
        if let location = value["location"], location.isObject {
            latitude = (NetworkValue.number(location["latitude"]) ?? 0).plausible(-90...90)
            longitude = (NetworkValue.number(location["longitude"]) ?? 0).plausible(-180...180)
            altitude = NetworkValue.number(location["altitude"])
        }
        received = Double(NetworkValue.counter(value["rxPacketsReceived"]))
        receivedGood = Double(NetworkValue.counter(value["rxPacketsReceivedOk"]))
        downlinks = Double(NetworkValue.counter(value["txPacketsReceived"]))
        transmitted = Double(NetworkValue.counter(value["txPacketsEmitted"]))
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

extension Double {
    /// Nil outside of what it can be.
    fileprivate func plausible(_ range: ClosedRange<Double>) -> Double? { range.contains(self) ? self : nil }
}
