internal import GatewayModel
internal import SQLite

/// The names of a segment as its writer needs them: the numbers this process uses to the numbers of the segment.
///
/// Numbers are given out inside the transaction that first uses them; after a transaction that failed the copy
/// from before it is put back.
struct SegmentNames {
    /// Layouts beyond this are written out in each record: a sender that varies its fields endlessly costs only itself.
    static let layoutCountMax = 4_096

    private var devices = Numbering(table: "devices")
    private var metrics = Numbering(table: "metrics")
    private var units = Numbering(table: "units")
    private var kinds: [String: UInt32] = [:]
    private var boots: [String: UInt32] = [:]
    private var layouts: [UInt64: Layout] = [:]
    private(set) var base: TimeOrigin

    private struct Layout {
        var id: UInt32
        var columns: [UInt64]
    }

    init(baseWall: Int64) { base = TimeOrigin(wall: baseWall) }

    init(_ connection: Connection, baseWall: Int64) throws(SQLiteError) {
        base = TimeOrigin(wall: baseWall)
        try devices.load(connection) { DeviceID($0).flatMap { DeviceName($0) }?.index }
        try metrics.load(connection) { MetricName($0)?.index }
        try units.load(connection) { Unit($0)?.index }
        kinds = Dictionary(
            try connection.rows("SELECT name, id FROM kinds") { ($0.text(0), UInt32(truncatingIfNeeded: $0.int64(1))) }
        ) { $1 }
        for (name, id, offset) in try connection.rows(
            "SELECT name, id, offset FROM boots ORDER BY id", body: { ($0.text(0), $0.int64(1), $0.int64(2)) })
        {
            boots[name] = UInt32(truncatingIfNeeded: id)
            base.bootOffsets.append(offset)
        }
        try loadLayouts(connection)
    }

    mutating func number(of device: DeviceName, _ connection: Connection) throws(SQLiteError) -> UInt32 {
        if let known = devices[device.index] { return known }
        return try devices.add(device.index, device.text, connection)
    }

    mutating func number(ofKind kind: String, _ connection: Connection) throws(SQLiteError) -> UInt32 {
        if let known = kinds[kind] { return known }
        let id = UInt32(kinds.count + 1)
        try connection.run("INSERT INTO kinds VALUES (?, ?)", .integer(Int64(id)), .text(kind))
        kinds[kind] = id
        return id
    }

    /// - Parameter received: gives the offset of the boot's wall clock if the boot is new here.
    mutating func number(
        ofBoot boot: String, _ received: ReceiveTime, _ connection: Connection
    ) throws(SQLiteError) -> UInt32 {
        if let known = boots[boot] { return known }
        let id = UInt32(boots.count)
        let offset = received.wall.milliseconds &- received.monotonicMilliseconds
        try connection.run("INSERT INTO boots VALUES (?, ?, ?)", .integer(Int64(id)), .text(boot), .integer(offset))
        boots[boot] = id
        base.bootOffsets.append(offset)
        return id
    }

    /// The number of the list of metrics and units, from 1; 0 if it has to be written out (`appendColumns`).
    mutating func number(
        ofLayout readings: ArraySlice<Reading>, _ connection: Connection
    ) throws(SQLiteError) -> UInt32 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for reading in readings { hash = (hash ^ Self.column(reading)) &* 0x9FB2_1C65_1E98_DF25 ^ (hash >> 29) }
        if let known = layouts[hash] {
            let isSame =
                known.columns.count == readings.count
                && zip(known.columns, readings).allSatisfy { $0 == Self.column($1) }
            return isSame ? known.id : 0
        }
        guard layouts.count < Self.layoutCountMax else { return 0 }
        let id = UInt32(layouts.count + 1)
        var items: [UInt8] = []
        try appendColumns(readings, to: &items, connection)
        try connection.run("INSERT INTO layouts VALUES (?, ?)", .integer(Int64(id)), .blob(items))
        layouts[hash] = Layout(id: id, columns: readings.map(Self.column))
        return id
    }

    /// Count, then metric and unit of each.
    mutating func appendColumns(
        _ readings: ArraySlice<Reading>, to bytes: inout [UInt8], _ connection: Connection
    ) throws(SQLiteError) {
        bytes.appendVarint(UInt64(readings.count))
        for reading in readings {
            let metric = reading.metric
            if let known = metrics[metric.index] {
                bytes.appendVarint(known)
            } else {
                bytes.appendVarint(try metrics.add(metric.index, metric.text, connection))
            }
            let unit = reading.unit
            if let known = units[unit.index] {
                bytes.appendVarint(known)
            } else {
                bytes.appendVarint(try units.add(unit.index, unit.code, connection))
            }
        }
    }

    private static func column(_ reading: Reading) -> UInt64 {
        UInt64(reading.metric.index) << 32 | UInt64(reading.unit.index)
    }

    /// Layouts known from before are found again only if all their names are known to this process, which they are
    /// unless its tables are full.
    private mutating func loadLayouts(_ connection: Connection) throws(SQLiteError) {
        let names = try SegmentDictionary(connection)
        for index in names.layouts.indices {
            let columns = names.layouts[index].map { UInt64($0.metric.index) << 32 | UInt64($0.unit.index) }
            var hash: UInt64 = 0xCBF2_9CE4_8422_2325
            for column in columns { hash = (hash ^ column) &* 0x9FB2_1C65_1E98_DF25 ^ (hash >> 29) }
            layouts[hash] = Layout(id: UInt32(index + 1), columns: columns)
        }
    }
}

/// Numbers of one table, found by the process's dense index.
private struct Numbering {
    let table: String
    private var ids: [UInt32] = []
    private var count = 0

    init(table: String) { self.table = table }

    subscript(index: UInt32) -> UInt32? {
        guard Int(index) < ids.count, ids[Int(index)] != 0 else { return nil }
        return ids[Int(index)]
    }

    mutating func add(_ index: UInt32, _ name: String, _ connection: Connection) throws(SQLiteError) -> UInt32 {
        let id = UInt32(count + 1)
        try connection.run("INSERT INTO \(table) VALUES (?, ?)", .integer(Int64(id)), .text(name))
        set(index, id)
        count += 1
        return id
    }

    mutating func load(_ connection: Connection, _ index: (String) -> UInt32?) throws(SQLiteError) {
        for (id, name) in try connection.rows("SELECT id, name FROM \(table)", body: { ($0.int64(0), $0.text(1)) }) {
            count = max(count, Int(clamping: id))
            if let index = index(name), let id = UInt32(exactly: id) { set(index, id) }
        }
    }

    private mutating func set(_ index: UInt32, _ id: UInt32) {
        if Int(index) >= ids.count {
            ids.append(contentsOf: repeatElement(0, count: max(64, Int(index) + 1 - ids.count)))
        }
        ids[Int(index)] = id
    }
}
