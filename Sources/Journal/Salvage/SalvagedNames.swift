internal import SQLite

/// The names of a damaged segment, as far as they are left: which numbers a record may use and still mean something.
struct SalvagedNames {
    /// The tables that hold names alone.
    static let tables = ["devices", "metrics", "units", "kinds"]

    private(set) var texts: [String: [Int64: String]] = [:]
    private(set) var boots: [Int64: (name: String, offset: Int64)] = [:]
    private(set) var layouts: [Int64: [UInt8]] = [:]
    private var columnCounts: [Int64: Int] = [:]
    let base: TimeOrigin

    /// More numbers than any segment has.
    private static let numberMax: Int64 = 1_000_000

    init(_ tree: inout TableTree, _ facts: SegmentFacts) {
        for table in Self.tables {
            var names: [Int64: String] = [:]
            for row in tree.rows(of: table) where (1...Self.numberMax).contains(row.rowID) {
                if row.values.count == 1, let name = row.values[0].text { names[row.rowID] = name }
            }
            texts[table] = names
        }
        for row in tree.rows(of: "boots") where (0...Self.numberMax).contains(row.rowID) {
            if row.values.count >= 2, let name = row.values[0].text, let offset = row.values[1].integer {
                boots[row.rowID] = (name, offset)
            }
        }
        var base = TimeOrigin(wall: facts.baseWall)
        // A boot that is lost leaves those behind it unusable, and the records that name them.
        while let boot = boots[Int64(base.bootOffsets.count)] { base.bootOffsets.append(boot.offset) }
        self.base = base
        for row in tree.rows(of: "layouts") where (1...Self.numberMax).contains(row.rowID) {
            guard row.values.count == 1, let items = row.values[0].blob, let count = columnCount(items) else {
                continue
            }
            layouts[row.rowID] = items
            columnCounts[row.rowID] = count
        }
    }

    /// How many columns there are; nil if one of them is not known by name.
    private func columnCount(_ items: [UInt8]) -> Int? {
        items.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            return columnCount(&reader)
        }
    }

    private func columnCount(_ reader: inout ByteReader) -> Int? {
        guard let count = Int(exactly: reader.varint()), count <= reader.bytes.count else { return nil }
        for _ in 0..<count {
            guard texts["metrics"]?[Int64(reader.varint32())] != nil, texts["units"]?[Int64(reader.varint32())] != nil
            else { return nil }
        }
        return reader.isBroken ? nil : count
    }

    /// Whether the record can be read in full with the names that are left.
    func isReadable(_ body: [UInt8]) -> Bool {
        body.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            let head = RecordHead(&reader, base: base)
            guard !reader.isBroken, Int(head.gatewayBoot) < max(1, base.bootOffsets.count),
                head.device == 0 || texts["devices"]?[Int64(head.device)] != nil
            else { return false }
            return head.isNote ? isReadableNote(&reader) : isReadableMessage(&reader)
        }
    }

    private func isReadableNote(_ reader: inout ByteReader) -> Bool {
        let kind = Int64(reader.varint32())
        _ = reader.varint()
        return !reader.isBroken && texts["kinds"]?[kind] != nil
    }

    private func isReadableMessage(_ reader: inout ByteReader) -> Bool {
        let tagged = reader.varint()
        guard let layout = Int64(exactly: tagged >> 1) else { return false }
        guard let count = layout == 0 ? columnCount(&reader) : columnCounts[layout] else { return false }
        if tagged & 1 != 0, reader.take(count) == nil { return false }
        return ValuePacking.unpack(count, from: &reader) { _, _ in }
    }

    /// Writes the names into a new segment, each under its number; what is lost in between gets a name that means nothing.
    func write(to connection: Connection) throws(SQLiteError) {
        for (table, names) in texts {
            for id in 1...max(1, names.keys.max() ?? 1) where !names.isEmpty {
                try connection.run(
                    "INSERT INTO \(table) VALUES (?, ?)", .integer(id), .text(names[id] ?? ""))
            }
        }
        for id in 0..<Int64(base.bootOffsets.count) {
            guard let boot = boots[id] else { continue }
            try connection.run(
                "INSERT INTO boots (id, name, offset) VALUES (?, ?, ?)", .integer(id), .text(boot.name),
                .integer(boot.offset))
        }
        for id in 1...max(1, layouts.keys.max() ?? 1) where !layouts.isEmpty {
            try connection.run("INSERT INTO layouts VALUES (?, ?)", .integer(id), .blob(layouts[id] ?? [0]))
        }
    }
}
