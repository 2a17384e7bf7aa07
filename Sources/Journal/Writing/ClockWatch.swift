internal import GatewayModel
internal import SQLite
internal import Synchronization

/// Keeps the clock's part of `state.db` up to date and tells of corrections.
final class ClockWatch: Sendable {
    private struct State {
        /// As in `state.db`, where it is written down before it can be true.
        var correction: StateStore.Correction
        /// Whether records of this boot have been stored that need a correction, as far as one knows.
        var hasConcerned: Bool
        var floor: Int64
    }

    private let boot: String
    private let store: StateStore
    private let book: ClockBook
    private let state: Mutex<State>
    /// Set by the writer when a record without a trusted time is stored.
    private let hasUntrusted = Atomic<Bool>(false)

    /// An offset that differs by less is the same one.
    private static let offsetGrain: Int64 = 2_000
    /// The floor is written this rarely, to spare the flash.
    private static let floorGrain: Int64 = 600_000

    init(_ store: StateStore, _ book: ClockBook, boot: String) throws(SQLiteError) {
        self.boot = boot
        self.store = store
        self.book = book
        let floor = try store.durable.read { connection throws(SQLiteError) in
            try connection.firstRow("SELECT known_ms FROM clock_floor") { $0.int64(0) } ?? 0
        }
        let correction = try store.correction(of: boot)
        state = Mutex(State(correction: correction, hasConcerned: correction.mayConcern, floor: floor))
    }

    /// A record was stored whose time cannot be believed.
    func noteUntrusted() { hasUntrusted.store(true, ordering: .relaxed) }

    func note(_ now: ReceiveTime, in journal: Journal) throws(SQLiteError) -> Int64? {
        try expect(isTrusted: now.wall.trusted)
        guard now.wall.trusted else { return nil }
        try keepFloor(now.wall.milliseconds)
        let offset = now.wall.milliseconds &- now.monotonicMilliseconds
        let known = book[boot]
        let isNew = known.map { abs($0 &- offset) > Self.offsetGrain } ?? true
        let correction = state.withLock { $0.correction }
        if isNew {
            try store.know(offset: offset, of: boot)
            book.set(offset, of: boot)
            // A clock that was believed all along has nothing to correct.
            state.withLock { $0.correction.isPending = correction.isPending || known != nil }
        }
        guard state.withLock({ $0.correction.isPending }) else {
            if isNew { try store.keep(correction, of: boot) }
            return isNew ? offset : nil
        }
        try tell(isNew ? offset : known ?? offset, now, journal)
        return isNew ? offset : nil
    }

    /// Written down first: a crash must not keep consumers from being told.
    private func expect(isTrusted: Bool) throws(SQLiteError) {
        let isStored = hasUntrusted.exchange(false, ordering: .relaxed)
        if isStored { state.withLock { $0.hasConcerned = true } }
        let expected = StateStore.Correction(isPending: true, mayConcern: true)
        guard isStored || !isTrusted, state.withLock({ $0.correction != expected }) else { return }
        do throws(SQLiteError) {
            try store.keep(expected, of: boot)
        } catch {
            if isStored { noteUntrusted() }
            throw error
        }
        state.withLock { $0.correction = expected }
    }

    private func tell(_ offset: Int64, _ now: ReceiveTime, _ journal: Journal) throws(SQLiteError) {
        // Looking for the first of them reads the whole boot where there is none: seconds, in a large journal.
        let ranges = state.withLock({ $0.hasConcerned }) ? try journal.untrustedRanges(of: boot) : []
        if !ranges.isEmpty {
            let members = ranges.map { #""\#($0.stream.rawValue)":{"from":\#($0.from),"to":\#($0.to)}"# }
            let body =
                #"{"boot":"\#(boot)","offset_ms":\#(offset),"ranges":{\#(members.joined(separator: ","))}}"#
            var batch = ObservationBatch()
            batch.append(Note(.events, kind: "clock_correction", body: body, received: now))
            do throws(JournalError) { _ = try journal.append(batch) } catch { throw error.asSQLite }
        }
        let told = StateStore.Correction(isPending: false, mayConcern: !ranges.isEmpty)
        try store.keep(told, of: boot)
        state.withLock { state in
            state.correction = told
            state.hasConcerned = told.mayConcern
        }
    }

    private func keepFloor(_ time: Int64) throws(SQLiteError) {
        guard abs(time &- state.withLock { $0.floor }) >= Self.floorGrain else { return }
        try store.note(floor: time)
        state.withLock { $0.floor = time }
    }
}

extension Journal {
    /// In each stream, from the first record of the boot without a trusted time to the stream's end.
    func untrustedRanges(
        of boot: String
    ) throws(SQLiteError) -> [(stream: StreamName, from: Int64, to: Int64)] {
        var ranges: [(stream: StreamName, from: Int64, to: Int64)] = []
        for stream in StreamName.allCases {
            let log = state.log(stream)
            if let first = try firstUntrusted(of: boot, in: log) { ranges.append((stream, first, log.last)) }
        }
        return ranges
    }

    private func firstUntrusted(of boot: String, in log: StreamLog) throws(SQLiteError) -> Int64? {
        var segments: [StreamLog.Segment] = []
        // Boots follow each other, so what is older than a segment without this one has none of it either.
        for segment in log.segments.reversed() {
            let isOfBoot = try look(into: segment, log.stream) { reader throws(SQLiteError) in
                try reader.number(ofBoot: boot).map(Int64.init)
            }
            guard isOfBoot != nil else { break }
            segments.append(segment)
        }
        for segment in segments.reversed() {
            let first = try look(into: segment, log.stream) { reader throws(SQLiteError) in
                try reader.firstUntrusted(ofBoot: boot)
            }
            if let first { return first }
        }
        return nil
    }

    /// Nil also for a segment that is damaged or has just been evicted: nobody needs the times of what is gone.
    private func look(
        into segment: StreamLog.Segment, _ stream: StreamName, _ body: (SegmentReader) throws(SQLiteError) -> Int64?
    ) throws(SQLiteError) -> Int64? {
        do throws(SQLiteError) { return try state.pool.withReader(of: segment, stream, body) } catch {
            guard error.code == .corrupt || error.code == .cannotOpen else { throw error }
            return nil
        }
    }
}
