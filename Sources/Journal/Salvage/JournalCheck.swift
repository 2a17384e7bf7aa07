internal import GatewayModel
internal import SQLite

/// Reads a whole journal and says what is wrong with it. Changes nothing; a daemon may be at work meanwhile.
public struct JournalCheck {
    /// What was read.
    public private(set) var segments = 0
    public private(set) var records: Int64 = 0
    public private(set) var bytes: Int64 = 0
    /// One sentence each, the file first.
    public private(set) var findings: [String] = []
    private var lost: [StreamName: [ClosedRange<Int64>]] = [:]

    /// Reads everything below the data folder.
    public init(dataDirectory: String) {
        checkState(dataDirectory + "/state.db")
        for stream in StreamName.allCases {
            let folder = StreamLog(stream, dataDirectory: dataDirectory).folder
            let files = SegmentFile.all(in: folder)
            for (file, next) in zip(files, files.dropFirst().map { $0.first - 1 } + [nil]) {
                check(file, stream, through: next)
            }
        }
    }

    private mutating func checkState(_ path: String) {
        guard Folder.size(of: path) != nil else { return }
        do throws(SQLiteError) {
            let connection = try Connection(path: path, access: .readOnly)
            let answer = try connection.pragma("quick_check(1)").text ?? ""
            guard answer == "ok" else { return findings.append("state.db: \(answer)") }
            for (name, range) in try connection.rows(
                "SELECT stream, from_seq, to_seq FROM journal_loss WHERE from_seq <= to_seq",
                body: { ($0.text(0), $0.int64(1)...$0.int64(2)) })
            {
                if let stream = StreamName(rawValue: name) { lost[stream, default: []].append(range) }
            }
        } catch { findings.append("state.db: \(error.message)") }
    }

    private mutating func check(_ file: SegmentFile, _ stream: StreamName, through end: Int64?) {
        let size = file.bytes
        let name = "\(stream.rawValue)/\(file.first)"
        switch file.condition {
        case .empty: if end != nil { findings.append("\(name): empty") }
        case .damaged(let reason), .closed(let reason): findings.append("\(name): \(reason)")
        case .open, .sealed:
            do throws(SQLiteError) {
                try read(file, stream, name, isSealed: file.condition == .sealed, through: end)
                segments += 1
                bytes += size
            } catch {
                // Evicted or sealed meanwhile.
                if Folder.size(of: file.path) == nil { return }
                findings.append("\(name): \(error.message)")
            }
        }
    }

    private mutating func read(
        _ file: SegmentFile, _ stream: StreamName, _ name: String, isSealed: Bool, through end: Int64?
    ) throws(SQLiteError) {
        if isSealed, let pages = PageSums.damagedPages(of: file.path), let page = pages.first {
            findings.append("\(name): \(pages.count) of its pages do not match their checksum, the first is \(page)")
            return
        }
        let reader = try SegmentReader(file, stream, isSealed: isSealed, .empty)
        let answer = try reader.connection.pragma("quick_check(1)").text ?? ""
        if answer != "ok" { findings.append("\(name): \(answer)") }
        var record = reader.blankRecord()
        var last = file.first - 1
        var broken: Int64 = 0
        var holes: [ClosedRange<Int64>] = []
        var count: Int64 = 0
        _ = try reader.read(after: last, limit: .max, into: &record) { seq in
            broken += 1
            last = seq
        } _: { record in
            let seq = record.seq.rawValue
            if seq > last + 1 { holes.append(last + 1...seq - 1) }
            last = seq
            count += 1
            return true
        }
        records += count
        if let end, last < end { holes.append(last + 1...end) }
        if broken > 0 { findings.append("\(name): \(broken) records cannot be read") }
        for hole in holes where !isExplained(hole, stream) {
            findings.append("\(name): \(hole.lowerBound) to \(hole.upperBound) missing, and no loss says why")
        }
    }

    /// Whether the losses that are known cover the hole.
    private func isExplained(_ hole: ClosedRange<Int64>, _ stream: StreamName) -> Bool {
        var next = hole.lowerBound
        for range in (lost[stream] ?? []).sorted(by: { $0.lowerBound < $1.lowerBound }) where range.contains(next) {
            next = range.upperBound + 1
        }
        return next > hole.upperBound
    }
}
