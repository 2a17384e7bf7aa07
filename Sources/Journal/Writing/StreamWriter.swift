internal import GatewayModel
internal import SQLite

/// Writes one stream: keeps its active segment, gives out its numbers, starts new segments. On the writer's thread.
final class StreamWriter {
    let log: StreamLog
    private(set) var segment: SegmentWriter?
    private let numbering: StateStore.Numbering
    private let state: StateStore
    private let segmentSize: Int64
    private var reserved: Int64
    /// What the segment was before the open transaction, for taking it back.
    private var before: (names: SegmentNames, lastSeq: Int64, recordsSinceSnapshot: Int, facts: SegmentFacts)?
    private var isNewSegment = false
    /// Newest reading that caused one of this stream's notes.
    private(set) var cause: Int64
    private var last: Int64
    /// Of a stream of notes: which of them may come again.
    var repetitions: NoteRepetitions

    private static let reservation: Int64 = 100_000

    init(
        _ log: StreamLog, _ segment: SegmentWriter?, last: Int64, cause: Int64, numbering: StateStore.Numbering,
        state: StateStore, segmentSize: Int64, repetitions: NoteRepetitions = NoteRepetitions()
    ) throws(SQLiteError) {
        self.log = log
        self.segment = segment
        self.last = last
        self.cause = cause
        self.numbering = numbering
        self.state = state
        self.segmentSize = segmentSize
        self.repetitions = repetitions
        reserved = try state.reserved(log.stream)
    }

    var isInTransaction: Bool { before != nil || isNewSegment }

    /// Opens a transaction for at most `count` records, in a new segment if there is none. Its numbers are reserved.
    ///
    /// - Returns: the segment, and whether it is new.
    func begin(_ count: Int, at received: ReceiveTime) throws(SQLiteError) -> (segment: SegmentWriter, isNew: Bool) {
        if last + Int64(count) > reserved {
            let wanted = last + Int64(count) + Self.reservation
            try state.reserve(log.stream, upTo: wanted)
            reserved = wanted
        }
        if let segment {
            before = (segment.names, segment.lastSeq, segment.recordsSinceSnapshot, segment.facts)
            do {
                try segment.connection.begin()
                try segment.update(generation: numbering.generation)
            } catch {
                rollBack()
                throw error
            }
            return (segment, false)
        }
        do { try Folder.make(log.folder) } catch { throw error.asSQLite }
        let facts = SegmentFacts(
            stream: log.stream.rawValue, epoch: numbering.epoch, generation: numbering.generation,
            baseWall: received.wall.milliseconds, cause: cause)
        let file = SegmentFile(folder: log.folder, first: last + 1)
        isNewSegment = true
        do throws(SQLiteError) {
            let made = try SegmentWriter(creating: file, facts, segmentSize: segmentSize)
            segment = made
            return (made, true)
        } catch {
            isNewSegment = false
            file.remove()
            throw error
        }
    }

    /// Appends a packed record.
    ///
    /// - Returns: its number.
    func append(_ body: [UInt8]) throws(SQLiteError) -> Int64 {
        guard let segment else { preconditionFailure("a transaction is open") }
        let seq = max(last, segment.lastSeq) + 1
        try body.withUnsafeBufferPointer { bytes throws(SQLiteError) in
            try segment.insert(seq, UnsafeRawBufferPointer(bytes))
        }
        return seq
    }

    /// The number the next record will get.
    var next: Int64 { max(last, segment?.lastSeq ?? 0) + 1 }

    func note(cause: Int64) throws(SQLiteError) {
        try segment?.update(cause: cause)
    }

    /// Durable on return, and visible to readers.
    func commit() throws(SQLiteError) {
        guard let segment else { return }
        try segment.connection.commit()
        if isNewSegment {
            // SQLite has done so, but does not say when it failed.
            do { try Folder.sync(log.folder) } catch { throw error.asSQLite }
        }
        last = max(last, segment.lastSeq)
        cause = max(cause, segment.facts.cause)
        before = nil
        if isNewSegment { log.begin(segment.file) }
        isNewSegment = false
        log.publish(last: last, bytes: segment.file.bytes)
    }

    /// Leaves everything, in memory and on disk, as it was before `begin`.
    func rollBack() {
        guard let segment else { return }
        segment.connection.rollBack()
        if isNewSegment {
            self.segment = nil
            segment.file.remove()
        } else if let before {
            segment.restore(
                names: before.names, lastSeq: before.lastSeq, recordsSinceSnapshot: before.recordsSinceSnapshot,
                facts: before.facts)
        }
        before = nil
        isNewSegment = false
    }

    /// Whether the segment has reached its size.
    var isFull: Bool {
        // A size that cannot be told does not seal a segment; the next write will show what is wrong.
        guard let segment, let bytes = try? segment.contentBytes() else { return false }
        return bytes >= segmentSize
    }

    /// Ends the active segment; the next record begins a new one.
    ///
    /// - Returns: the segment that can now be sealed.
    func rotate() -> SegmentWriter? {
        defer { segment = nil }
        // Without them queries look into the segment, which costs only time.
        try? segment?.writeTimes()
        return segment
    }

    /// Gives up a segment that has turned out to be damaged: what was committed to it stays where it is, and the next
    /// record begins a new one.
    func abandon() { segment = nil }

    /// Finds out whether records can be stored again, by a commit that stores none.
    func probe() throws(SQLiteError) {
        if let segment { return try segment.probe() }
        try state.reserve(log.stream, upTo: reserved)
    }
}

extension JournalError {
    /// For passing a file system's refusal through code that otherwise meets SQLite's alone.
    var asSQLite: SQLiteError {
        switch self {
        case .full(let text): SQLiteError(.full, message: text)
        case .unavailable(let text): SQLiteError(.io, message: text)
        default: SQLiteError(.cannotOpen, message: description)
        }
    }

    init(_ error: SQLiteError) {
        switch error.code {
        case .full: self = .full(error.message)
        case .newerSchema, .invalid: self = .unusable(error.message)
        default: self = .unavailable("\(error.code.rawValue): \(error.message)")
        }
    }
}
