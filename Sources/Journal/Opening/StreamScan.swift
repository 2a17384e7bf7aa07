internal import GatewayModel
internal import SQLite

/// What opening the journal found of one stream.
struct StreamScan {
    /// A segment that was damaged: what it was, and what is left in its place.
    struct Damage {
        var first: Int64
        var reason: String
        /// Where the damaged file is now.
        var path: String
        var kept: SegmentSalvage.Kept?
    }

    let log: StreamLog
    /// The segments that are usable, oldest first.
    var segments: [StreamLog.Segment] = []
    /// The newest segment, opened for writing; nil if it is sealed or there is none.
    var active: SegmentWriter?
    /// The newest record found.
    var last: Int64 = 0
    /// What the newest segment says about itself.
    var facts: SegmentFacts?
    private(set) var damaged: [Damage] = []
    private let damagedFolder: String

    /// Looks at all segments, repairs the damaged ones, and opens the newest.
    ///
    /// - Parameters:
    ///   - seen: a number that is known to have been stored.
    ///   - reserved: no number beyond can be in use; nil if that is not known.
    init(
        _ log: StreamLog, generation: Int64, segmentSize: Int64, damagedFolder: String, seen: Int64, reserved: Int64?
    ) throws(JournalError) {
        self.log = log
        self.damagedFolder = damagedFolder
        try SegmentRepair.finish(in: log.folder)
        let files = try SegmentFile.found(in: log.folder)
        for (file, next) in zip(files, files.dropFirst().map { $0.first - 1 } + [nil]) {
            let end = next ?? reserved ?? .max
            switch file.condition {
            case .empty where next == nil: file.remove()
            case .empty: try repair(file, "empty", through: end)
            case .damaged where next == nil && seen < file.first && file.isUnfinished: file.remove()
            case .damaged(let reason): try repair(file, reason, through: end)
            case .closed(let reason): throw .unavailable("cannot open \(file.path): \(reason)")
            case .sealed: segments.append(StreamLog.Segment(file: file, isSealed: true, bytes: file.bytes))
            case .open:
                if LogDamage.hides(recordsOf: file, upTo: next ?? seen) {
                    try repair(file, "its log is damaged", through: end)
                } else {
                    segments.append(StreamLog.Segment(file: file, isSealed: false, bytes: file.bytes))
                }
            }
        }
        try openNewest(generation, segmentSize, reserved ?? .max)
    }

    private mutating func openNewest(
        _ generation: Int64, _ segmentSize: Int64, _ reserved: Int64
    ) throws(JournalError) {
        while let newest = segments.last {
            do throws(SQLiteError) {
                if try open(newest, generation, segmentSize) { return }
                newest.file.remove()
                segments.removeLast()
            } catch {
                guard error.asDamage.code == .corrupt else { throw JournalError(error) }
                segments.removeLast()
                try repair(newest.file, error.message, through: reserved)
            }
        }
    }

    /// - Returns: false if nothing was ever committed to it.
    private mutating func open(
        _ newest: StreamLog.Segment, _ generation: Int64, _ segmentSize: Int64
    ) throws(SQLiteError) -> Bool {
        if newest.isSealed {
            let reader = try SegmentReader(newest.file, log.stream, isSealed: true, .empty)
            last = try reader.newest() ?? newest.file.first - 1
            facts = reader.facts
            return true
        }
        Folder.makeWritable(newest.file.path)
        guard
            let writer = try SegmentWriter(reopening: newest.file, generation: generation, segmentSize: segmentSize)
        else { return false }
        active = writer
        last = writer.lastSeq
        facts = writer.facts
        return true
    }

    /// Sets the segment aside and puts what can be read of it in its place; a second time it is only set aside.
    private mutating func repair(_ file: SegmentFile, _ reason: String, through end: Int64) throws(JournalError) {
        if let known = damaged.firstIndex(where: { $0.first == file.first }) {
            damaged[known].path = try file.setAside(in: damagedFolder, stream: log.stream.rawValue)
            damaged[known].kept = nil
            return
        }
        do throws(SQLiteError) {
            let (path, kept) = try SegmentRepair.run(file, log.stream, through: end, damagedFolder: damagedFolder)
            damaged.append(Damage(first: file.first, reason: reason, path: path, kept: kept))
            guard kept != nil else { return }
            segments.append(StreamLog.Segment(file: file, isSealed: true, bytes: file.bytes))
        } catch { throw JournalError(error) }
    }

    /// The numbers that went with the damaged segments.
    ///
    /// - Parameter end: the last number the stream is known to have had.
    func damagedRanges(end: Int64) -> [ClosedRange<Int64>] { damaged.flatMap { ranges($0, end: end) } }

    private func ranges(_ damage: Damage, end: Int64) -> [ClosedRange<Int64>] {
        let following = segments.first { $0.file.first > damage.first }?.file.first
        let last = damage.kept?.last ?? damage.first - 1
        // Of a segment of which nothing is left at least its first record has been there.
        let to = following.map { $0 - 1 } ?? max(end, damage.kept == nil ? damage.first : last)
        return (damage.kept?.missing ?? []) + (last < to ? [last + 1...to] : [])
    }

    /// What is to be told of the damage.
    func reports(end: Int64) -> [DamageReport] {
        damaged.map { damage in
            DamageReport(
                stream: log.stream, first: SequenceNumber(damage.first), reason: damage.reason, path: damage.path,
                kept: damage.kept?.count ?? 0, lost: ranges(damage, end: end).reduce(0) { $0 + Int64($1.count) })
        }
    }
}
