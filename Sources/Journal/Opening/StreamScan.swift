internal import GatewayModel
internal import SQLite

/// What opening the journal found of one stream.
struct StreamScan {
    let log: StreamLog
    /// The segments that are usable, oldest first.
    var segments: [StreamLog.Segment] = []
    /// The newest segment, opened for writing; nil if it is sealed or there is none.
    var active: SegmentWriter?
    /// The newest record found.
    var last: Int64 = 0
    /// What the newest segment says about itself.
    var facts: SegmentFacts?
    /// First numbers of the segments set aside, with why.
    var damaged: [(first: Int64, reason: String)] = []

    /// Looks at all segments, opens the newest, and sets the damaged ones aside in `damaged`.
    init(
        _ log: StreamLog, generation: Int64, segmentSize: Int64, damagedFolder: String
    ) throws(JournalError) {
        self.log = log
        for file in SegmentFile.all(in: log.folder) {
            switch file.condition {
            case .empty: file.remove()
            case .damaged(let reason): try setAside(file, reason, damagedFolder)
            case .sealed: segments.append(StreamLog.Segment(file: file, isSealed: true, bytes: file.bytes))
            case .open: segments.append(StreamLog.Segment(file: file, isSealed: false, bytes: file.bytes))
            }
        }
        while let newest = segments.last {
            do throws(SQLiteError) {
                if try openNewest(newest, generation, segmentSize) { return }
                newest.file.remove()
            } catch {
                guard error.asDamage.code == .corrupt else { throw JournalError(error) }
                try setAside(newest.file, error.message, damagedFolder)
            }
            segments.removeLast()
        }
    }

    /// - Returns: false if nothing was ever committed to it.
    private mutating func openNewest(
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

    private mutating func setAside(
        _ file: SegmentFile, _ reason: String, _ folder: String
    ) throws(JournalError) {
        try file.setAside(in: folder, stream: log.stream.rawValue)
        damaged.append((file.first, reason))
    }

    /// The numbers that went with the damaged segments.
    ///
    /// - Parameter end: the last number the stream is known to have had.
    func damagedRanges(end: Int64) -> [ClosedRange<Int64>] {
        damaged.compactMap { damage in
            let following = segments.first { $0.file.first > damage.first }?.file.first
            let to = following.map { $0 - 1 } ?? max(end, damage.first)
            return damage.first <= to ? damage.first...to : nil
        }
    }
}
