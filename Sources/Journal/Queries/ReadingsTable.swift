internal import GatewayModel
internal import SQLite

/// The virtual table `readings`: opens the segments itself, so it works from any process.
enum ReadingsTable {
    enum Column: Int, CaseIterable {
        case seq, time, timeMilliseconds, device, metric, value, unit, quality, deviceSeq, messageID, source, flags
    }

    private static let columns = [
        "seq INTEGER", "time TEXT", "time_ms INTEGER", "device TEXT", "metric TEXT", "value", "unit TEXT",
        "quality TEXT", "device_seq INTEGER", "msg_id TEXT", "source TEXT", "flags TEXT",
    ]

    static func table(dataDirectory: String) -> VirtualTable {
        let folder = "\(dataDirectory)/journal/\(StreamName.readings.rawValue)"
        return VirtualTable(
            name: "readings", columns: columns,
            selective: [
                Column.seq.rawValue, Column.time.rawValue, Column.timeMilliseconds.rawValue, Column.device.rawValue,
                Column.metric.rawValue,
            ], ascending: Column.seq.rawValue
        ) { ReadingsScan(folder, statePath: dataDirectory + "/state.db") }
    }
}

/// One pass over all readings, some hundred records at a time.
final class ReadingsScan: VirtualTableScan {
    private let folder: String
    private let statePath: String
    private var book = ClockBook.empty
    private var filter = ReadingsFilter()
    private var metric: MetricName?
    private var files: [SegmentFile] = []
    private var reader: SegmentReader?
    private var records: [StoredRecord] = []
    private var record = 0
    private var reading = 0

    private static let recordCountMax = 256

    init(_ folder: String, statePath: String) {
        self.folder = folder
        self.statePath = statePath
    }

    override func start(_ constraints: [VirtualTable.Constraint]) throws(SQLiteError) {
        book = ClockBook.read(statePath)
        filter = ReadingsFilter()
        metric = nil
        reader = nil
        records = []
        record = 0
        reading = 0
        var canMatch = true
        for constraint in constraints { canMatch = narrow(constraint) && canMatch }
        files = canMatch ? SegmentFile.all(in: folder).filter { $0.first <= filter.lastSeq } : []
        // Whole segments that lie before the first number that is wanted.
        while files.count > 1, files[1].first <= filter.firstSeq { files.removeFirst() }
        files.reverse()
        try settle()
    }

    override func advance() throws(SQLiteError) {
        reading += 1
        try settle()
    }

    override var isAtEnd: Bool { record >= records.count }

    override func value(_ column: Int) -> SQLiteValue {
        guard !isAtEnd, let column = ReadingsTable.Column(rawValue: column) else { return .null }
        let record = records[record]
        let reading = record.readings[reading]
        return switch column {
        case .seq: .integer(record.seq.rawValue)
        case .time: .text(CivilTime.text(milliseconds: record.bestTime.milliseconds))
        case .timeMilliseconds: .integer(record.bestTime.milliseconds)
        case .device: .optional(record.device?.text)
        case .metric: .text(reading.metric.text)
        case .value: Self.value(reading.value)
        case .unit: .text(reading.unit.code)
        case .quality: .text(reading.quality.name)
        case .deviceSeq: .optional(record.deviceSeq.map(Int64.init))
        case .messageID: .optional(record.messageID)
        case .source: .text(record.source.name)
        case .flags: .text(Self.text(record.flags))
        }
    }

    private static func value(_ value: Reading.Value) -> SQLiteValue {
        switch value {
        case .number(let number): .real(number)
        case .flag(let flag): .integer(flag ? 1 : 0)
        case .text(let text): .text(text)
        }
    }

    private static func text(_ flags: RecordFlags) -> String {
        RecordFlags.names.filter { flags.contains($0.flag) }.map(\.name.description).joined(separator: ",")
    }

    /// Goes on to the next row that is there and wanted, however many are passed over.
    private func settle() throws(SQLiteError) {
        repeat {
            while record < records.count {
                let readings = records[record].readings
                if let metric { while reading < readings.count, readings[reading].metric != metric { reading += 1 } }
                if reading < readings.count { return }
                record += 1
                reading = 0
            }
        } while try fill()
    }

    /// Reads on until there are records again; false if there are no segments any more.
    private func fill() throws(SQLiteError) -> Bool {
        while true {
            guard let reader else {
                guard let file = files.popLast() else {
                    records = []
                    record = 0
                    return false
                }
                self.reader = try open(file)
                continue
            }
            if let last = records.last { filter.firstSeq = max(filter.firstSeq, last.seq.rawValue + 1) }
            records.removeAll(keepingCapacity: true)
            record = 0
            reading = 0
            _ = try reader.read(filter) { found in
                if !found.readings.isEmpty { records.append(copy found) }
                return records.count < Self.recordCountMax
            }
            if records.isEmpty { self.reader = nil } else { return true }
        }
    }

    /// Nil if the segment has been evicted meanwhile, or holds nothing yet.
    private func open(_ file: SegmentFile) throws(SQLiteError) -> SegmentReader? {
        do throws(SQLiteError) {
            switch file.condition {
            case .sealed: return try SegmentReader(file, .readings, isSealed: true, book)
            case .open: return try SegmentReader(file, .readings, isSealed: false, book)
            case .empty, .damaged: return nil
            case .closed(let reason): throw SQLiteError(.cannotOpen, message: "\(file.path): \(reason)")
            }
        } catch {
            if Folder.size(of: file.path) == nil { return nil }
            throw error
        }
    }

    /// - Returns: false if no row can satisfy the comparison.
    private func narrow(_ constraint: VirtualTable.Constraint) -> Bool {
        switch ReadingsTable.Column(rawValue: constraint.column) {
        case .seq:
            guard let value = constraint.value.integer else { return true }
            switch constraint.comparison {
            case .equal: (filter.firstSeq, filter.lastSeq) = (max(filter.firstSeq, value), min(filter.lastSeq, value))
            case .greater, .greaterOrEqual: filter.firstSeq = max(filter.firstSeq, value)
            case .less, .lessOrEqual: filter.lastSeq = min(filter.lastSeq, value)
            }
        case .time:
            guard let value = constraint.value.text.flatMap(CivilTime.milliseconds(of:)) else { return true }
            narrowTime(constraint.comparison, value)
        case .timeMilliseconds:
            guard let value = constraint.value.integer else { return true }
            narrowTime(constraint.comparison, value)
        case .device:
            guard constraint.comparison == .equal, let value = constraint.value.text else { return true }
            guard let device = DeviceID(value), filter.device == nil || filter.device == device else { return false }
            filter.device = device
        case .metric:
            guard constraint.comparison == .equal, let value = constraint.value.text else { return true }
            guard let wanted = MetricName(value), metric == nil || metric == wanted else { return false }
            metric = wanted
        default: break
        }
        return true
    }

    private func narrowTime(_ comparison: VirtualTable.Constraint.Comparison, _ value: Int64) {
        if comparison != .less && comparison != .lessOrEqual { filter.from = max(filter.from, value) }
        if comparison != .greater && comparison != .greaterOrEqual {
            filter.to = min(filter.to, value == .max ? .max : value + 1)
        }
    }
}
