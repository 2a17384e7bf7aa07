internal import GatewayModel
internal import SQLite

/// The names of a segment as its readers need them: the numbers of the segment to names.
///
/// Grows while the segment is written: a number that is not known yet is looked up again.
struct SegmentDictionary {
    struct Column {
        var metric: MetricName
        var unit: Unit
    }

    private(set) var devices: [DeviceID?] = []
    private(set) var kinds: [String] = []
    private(set) var boots: [String] = []
    private(set) var layouts: [[Column]] = []
    private(set) var base = TimeOrigin(wall: 0)
    private var metrics: [MetricName] = []
    private var units: [Unit] = []

    /// Stands for a name that this process has no room for.
    private static let nameless = MetricName(known: "nameless")

    init(_ connection: Connection) throws(SQLiteError) {
        guard let facts = try SegmentFacts(connection) else {
            throw SQLiteError(.corrupt, message: "segment without a description: \(connection.path)")
        }
        base.wall = facts.baseWall
        try refresh(connection)
    }

    /// Reads the names added since the last time.
    mutating func refresh(_ connection: Connection) throws(SQLiteError) {
        // Before the names: a layout that is written in between would else refer to names that are not known here, and
        // stand as one without columns for as long as this reader lives.
        let blobs = try connection.rows(
            "SELECT items FROM layouts WHERE id > ? ORDER BY id", .integer(Int64(layouts.count)), body: { $0.blob(0) })
        devices += try names("devices", after: devices.count, connection) { DeviceID($0) }
        metrics += try names("metrics", after: metrics.count, connection) { MetricName($0) ?? Self.nameless }
        units += try names("units", after: units.count, connection) { Unit($0) ?? .none }
        kinds += try names("kinds", after: kinds.count, connection) { $0 }
        for (name, offset) in try connection.rows(
            "SELECT name, offset FROM boots WHERE id >= ? ORDER BY id", .integer(Int64(boots.count)),
            body: { ($0.text(0), $0.int64(1)) })
        {
            boots.append(name)
            base.bootOffsets.append(offset)
        }
        for items in blobs {
            layouts.append(
                items.withUnsafeBytes { bytes in
                    var reader = ByteReader(bytes)
                    return columns(&reader)
                } ?? [])
        }
    }

    /// Reads what `SegmentNames.appendColumns` wrote; nil if it is something else.
    func columns(_ bytes: inout ByteReader) -> [Column]? {
        guard let count = Int(exactly: bytes.varint()), count <= bytes.bytes.count else { return nil }
        var columns: [Column] = []
        columns.reserveCapacity(count)
        for _ in 0..<count {
            let metric = Int(bytes.varint32()) - 1
            let unit = Int(bytes.varint32()) - 1
            guard metrics.indices.contains(metric), units.indices.contains(unit) else { return nil }
            columns.append(Column(metric: metrics[metric], unit: units[unit]))
        }
        return bytes.isBroken ? nil : columns
    }

    /// The device of a number; nil for 0 and for what is no device.
    func device(_ number: UInt32) -> DeviceID? {
        number > 0 && Int(number) <= devices.count ? devices[Int(number) - 1] : nil
    }

    private func names<Name>(
        _ table: String, after count: Int, _ connection: Connection, _ make: (String) -> Name
    ) throws(SQLiteError) -> [Name] {
        try connection.rows(
            "SELECT name FROM \(table) WHERE id > ? ORDER BY id", .integer(Int64(count))
        ) { make($0.text(0)) }
    }
}
