internal import GatewayModel
internal import SQLite

/// Which records of a segment a query wants; decided from their heads, so that the rest is not unpacked.
struct ReadingsFilter {
    var device: DeviceID?
    var from: Int64 = .min
    /// Exclusive.
    var to: Int64 = .max
    var firstSeq: Int64 = .min
    var lastSeq: Int64 = .max

    init(device: DeviceID? = nil, from: Int64 = .min, to: Int64 = .max) {
        self.device = device
        self.from = from
        self.to = to
    }

    /// Whether a segment can hold anything that is wanted.
    func mayConcern(times: ClosedRange<Int64>?) -> Bool {
        guard let times else { return true }
        return times.upperBound >= from && times.lowerBound < to
    }

    func admits(_ head: RecordHead) -> Bool {
        let time = Timestamp.best(device: head.deviceTime, received: head.received.wall).milliseconds
        return time >= from && time < to
    }
}

extension SegmentReader {
    /// Decodes the records that pass the filter, until `body` returns false.
    ///
    /// - Returns: whether `body` asked to go on.
    func read(
        _ filter: ReadingsFilter, _ body: (borrowing StoredRecord) -> Bool
    ) throws(SQLiteError) -> Bool {
        guard filter.mayConcern(times: times) else { return true }
        var number: UInt32?
        if let device = filter.device {
            number = try self.number(of: device)
            if number == nil { return true }
        }
        var record = blankRecord()
        var goOn = true
        let after = filter.firstSeq == .min ? Int64.min : filter.firstSeq - 1
        try scan(after: after) { seq, bytes throws(SQLiteError) in
            guard seq <= filter.lastSeq else { return false }
            if let number, RecordHead.device(bytes) != number { return true }
            guard let (head, _) = try head(bytes), filter.admits(head) else { return true }
            guard try decode(seq, bytes, into: &record) else { return true }
            goOn = body(record)
            return goOn
        }
        return goOn
    }

    /// Decodes the one record with this number, if it is here.
    func read(at seq: Int64, _ body: (borrowing StoredRecord) -> Void) throws(SQLiteError) {
        var record = blankRecord()
        try scan(after: seq - 1, limit: 1) { found, bytes throws(SQLiteError) in
            if found == seq, try decode(seq, bytes, into: &record) { body(record) }
            return false
        }
    }

    /// The segment's number of a device; nil if no record is of it.
    func number(of device: DeviceID) throws(SQLiteError) -> UInt32? {
        try refreshDevices()
        return devices.firstIndex { $0 == device }.map { UInt32($0 + 1) }
    }
}
