internal import GatewayModel
internal import SQLite

/// Recognises what a resumed session repeats of messages that became notes.
///
/// What can come again was read shortly before the session broke and comes first in the next one, marked as sent before.
/// So such a note is taken for a repetition only soon after a session was resumed, once for each equal note among the
/// last ones stored, and only until others come: events of a device may well be equal and mean two things.
struct NoteRepetitions {
    /// Notes remembered; mosquitto 2.0.11 repeats up to 9,000 messages, of which hardly any is no reading.
    static let countMax = 8_192
    /// Only notes so close to the newest can have been under way with it, in milliseconds.
    static let reach: Int64 = 120_000
    /// How long after it was resumed a session repeats, in milliseconds.
    static let patience: Int64 = 60_000
    /// So many others in a row end the repetition. More than one: of rejected messages only some are noted.
    static let missCountMax = 16

    /// What a session may still repeat: to be put back when the notes that were judged by it could not be stored.
    struct Awaited {
        /// How often each may still come again.
        fileprivate var counts: [UInt64: Int] = [:]
        fileprivate var closesAt: Int64 = 0
        fileprivate var misses = 0
    }

    private var newest: [(hash: UInt64, wall: Int64)] = []
    var awaited = Awaited()

    /// A session has begun; `now` in milliseconds of the monotonic clock.
    mutating func begin(_ start: SessionStart, now: Int64) {
        awaited = Awaited()
        guard case .resumed = start, let last = newest.last else { return }
        awaited.closesAt = now + Self.patience
        for note in newest where abs(last.wall.subtractingReportingOverflow(note.wall).partialValue) <= Self.reach {
            awaited.counts[note.hash, default: 0] += 1
        }
    }

    /// Whether the note has been stored before.
    mutating func repeats(_ note: Note) -> Bool {
        guard note.isRedelivered, let hash = note.messageHash, !awaited.counts.isEmpty else { return false }
        guard note.received.monotonicMilliseconds <= awaited.closesAt, awaited.misses < Self.missCountMax else {
            awaited.counts.removeAll()
            return false
        }
        guard let count = awaited.counts[hash] else {
            awaited.misses += 1
            return false
        }
        awaited.misses = 0
        awaited.counts[hash] = count > 1 ? count - 1 : nil
        return true
    }

    /// Adds a note that is durable.
    mutating func remember(_ hash: UInt64, at wall: Timestamp) {
        newest.append((hash, wall.milliseconds))
        if newest.count >= 2 * Self.countMax { newest.removeFirst(Self.countMax) }
    }
}

extension NoteRepetitions {
    /// Most bytes of notes that opening the journal reads for it.
    private static let recallBytesMax = 8 << 20

    /// What the notes at the end of a stream say. What cannot be read cannot be remembered.
    init(_ log: StreamLog, _ pool: ReaderPool) throws(SQLiteError) {
        var found: [(hash: UInt64?, wall: Timestamp)] = []
        var bytesLeft = Self.recallBytesMax
        var isEnough = false
        for segment in log.segments.reversed() where !isEnough {
            do throws(SQLiteError) {
                try pool.withReader(of: segment, log.stream) { reader throws(SQLiteError) in
                    try reader.scanBack { bytes throws(SQLiteError) in
                        guard let (head, _) = try reader.head(bytes) else { return true }
                        var hash: UInt64?
                        if case .payload(let payload) = head.identity { hash = payload }
                        found.append((hash, head.received.wall))
                        bytesLeft -= bytes.count
                        let newest = found[0].wall.milliseconds
                        let age = abs(newest.subtractingReportingOverflow(head.received.wall.milliseconds).partialValue)
                        isEnough = age > Self.reach || found.count >= Self.countMax || bytesLeft <= 0
                        return !isEnough
                    }
                }
            } catch { guard error.code == .corrupt else { throw error } }
        }
        for (hash, wall) in found.reversed() { if let hash { remember(hash, at: wall) } }
    }
}
