internal import GatewayModel
internal import SQLite

/// Finds the segments of a stream of which every record is older than allowed.
struct AgeLimit {
    private let log: StreamLog
    private let pool: ReaderPool

    init(_ log: StreamLog, _ pool: ReaderPool) {
        self.log = log
        self.pool = pool
    }

    /// Segments at the stream's beginning whose records all came before `oldest` (milliseconds since 1970), oldest first.
    ///
    /// A record whose time nobody vouches for is as old as the next one with a trusted time at least. Only segments whose
    /// records end at or before `limit` are given.
    func victims(before oldest: Int64, through limit: Int64) -> [EvictionOrder.Victim] {
        let segments = log.segments
        var victims: [EvictionOrder.Victim] = []
        var oldCount = 0
        for index in segments.indices.dropLast() where segments[index].isSealed {
            let last = segments[index + 1].file.first - 1
            guard last <= limit else { break }
            victims.append(
                EvictionOrder.Victim(log: log, segment: segments[index], last: last, reason: .expired))
            // What cannot be read has no age, and another look comes in a minute.
            guard let time = try? newest(segments[index]) else { break }
            guard time.trusted else { continue }
            guard time.milliseconds < oldest else { break }
            oldCount = victims.count
        }
        return Array(victims.prefix(oldCount))
    }

    /// When the last record of a segment was received.
    private func newest(_ segment: StreamLog.Segment) throws(SQLiteError) -> Timestamp {
        try pool.withReader(of: segment, log.stream) { reader throws(SQLiteError) in
            var record = reader.blankRecord()
            guard let last = try reader.newest() else { return Timestamp(milliseconds: 0, trusted: false) }
            var time = Timestamp(milliseconds: 0, trusted: false)
            _ = try reader.read(after: last - 1, limit: 1, into: &record, damaged: { _ in }) { found in
                time = found.received.wall
                return false
            }
            return time
        }
    }
}
