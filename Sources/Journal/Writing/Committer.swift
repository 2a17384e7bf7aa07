internal import GatewayModel
internal import SQLite
internal import Synchronization

/// Turns groups of batches into commits. Lives on the writer's thread.
final class Committer {
    private let shared: JournalState
    private let readings: StreamWriter
    private let others: [StreamName: StreamWriter]
    private var intake: ReadingsIntake
    private let upkeep: SegmentUpkeep
    private let eviction: Eviction
    private let space: SpaceWatch
    /// Events that follow from readings that are durable and entries of the audit for what was evicted, until they are
    /// written.
    private var owed: [Note]
    private var partlyStored = PartlyStored()
    private var noted: [StreamName: Int64] = [:]
    private var notedAt: Int64 = .min
    private var probedAt: Int64 = 0
    private var agedAt: Int64

    /// Events owed at most: beyond, the oldest are given up, and opening the journal does not find them again either.
    private static let owedCountMax = 10_000
    /// Times that a commit is tried while making room for it succeeds.
    private static let attemptCountMax = 4
    private static let onlyReserveLeft = SQLiteError(.full, message: "only the reserve is left of the disk")
    /// What may be refused for space comes first: then a batch that has to come again has mostly left nothing behind.
    private static let noteStreams: [StreamName] = [.logs, .tasks, .events, .audit]

    init(_ shared: JournalState, _ writers: [StreamName: StreamWriter], owed: [Note]) {
        guard let readings = writers[.readings] else { preconditionFailure("every stream has a writer") }
        self.shared = shared
        self.readings = readings
        others = writers
        self.owed = owed
        agedAt = shared.clock.now().monotonicMilliseconds
        intake = ReadingsIntake(readings, History(readings.log, shared.pool), boot: shared.configuration.boot)
        eviction = Eviction(shared)
        upkeep = SegmentUpkeep(shared, eviction)
        space = SpaceWatch(shared, eviction)
    }

    /// Stores the batches of a group, readings first. Afterwards each has its outcomes or its failure; of one that failed
    /// and comes again, only what is not durable by then is stored.
    func commit(_ group: [AppendRequest]) {
        for request in group {
            request.part = partlyStored.take(request.batch.filling)
            beginSession(of: request)
        }
        var ends: [(StreamName, Int64)] = []
        do throws(SQLiteError) {
            if try storeReadingsMakingRoom(group) { ends.append((.readings, readings.log.last)) }
        } catch {
            fail(group.filter { !$0.observations.isEmpty }, error)
        }
        owe(eviction.takeNotes())
        for stream in Self.noteStreams { storeNotes(stream, group, &ends) }
        for (stream, end) in ends { shared.observers.notify(stream, SequenceNumber(end)) }
        guard !group.isEmpty else { return }
        let isFailed = group.contains { $0.failure != nil }
        let duplicates = group.reduce(0) { $0 + $1.outcomes.reduce(0) { $0 + ($1.isDuplicate ? 1 : 0) } }
        let accepted = group.reduce(0) { $0 + $1.outcomes.count } - duplicates
        // Notes that could be stored with the reserve do not show that readings can.
        let isWritable = isFailed ? false : group.contains { !$0.observations.isEmpty } ? true : nil
        shared.count(accepted: accepted, duplicates: duplicates, commits: ends.count, isWritable: isWritable)
        for request in group where request.failure != nil {
            request.part.outcomes += request.outcomes
            partlyStored.keep(request.batch.filling, request.part)
        }
    }

    /// Makes ready for what a session that has just begun repeats, before anything of it is judged.
    private func beginSession(of request: AppendRequest) {
        // Of what is durable in part, the session began with that.
        guard let start = request.sessionStart, request.part.isEmpty else { return }
        shared.memory.withLock { $0.begin(start) }
        let now = shared.clock.now().monotonicMilliseconds
        for writer in others.values { writer.repetitions.begin(start, now: now) }
    }

    /// What needs doing now and then, after the group has been answered: new segments, retention, hints in `state.db`.
    func rest() {
        for (_, writer) in others.inOrder { attendToDamage(writer) }
        for (_, writer) in others.inOrder where writer.isFull {
            if let segment = writer.rotate() { upkeep.add(segment, writer.log) }
        }
        upkeep.run()
        eviction.catchUp()
        payOwed()
        space.settle()
        probe()
        noteEnds(isLast: false)
        ageConsumers()
    }

    /// Leaves a segment that was found damaged while it was the newest, and has it repaired.
    private func attendToDamage(_ writer: StreamWriter) {
        guard let (file, reason) = writer.log.takeSuspect() else { return }
        if writer.segment?.file == file { writer.abandon() }
        guard let (segment, following) = writer.log.segment(holding: file.first), segment.file == file else { return }
        do throws(SQLiteError) {
            try shared.repairs.repair(
                segment, writer.log, following: following ?? writer.log.last + 1, reason: reason, shared)
        } catch {
            // Tried again when the next reader comes upon it.
        }
    }

    /// Once an hour: consumers that went away while the daemon runs for months.
    private func ageConsumers(isLast: Bool = false) {
        let now = shared.clock.now().monotonicMilliseconds
        guard isLast || now - agedAt >= 3_600_000 else { return }
        // What cannot be written now makes somebody look younger than he is.
        try? shared.cursors.age(by: max(0, now - agedAt), now: now)
        agedAt = now
    }

    /// After a failure: whoever waits for the journal to be writable again may be the one who would write.
    private func probe() {
        let now = shared.clock.now().monotonicMilliseconds
        guard !shared.isWritable else {
            probedAt = now
            return
        }
        guard now - probedAt >= 500 else { return }
        probedAt = now
        // Still failing is what everybody knows already.
        if space.prepare(for: 0), (try? readings.probe()) != nil { shared.recover() }
    }

    func close() {
        payOwed()
        noteEnds(isLast: true)
        ageConsumers(isLast: true)
    }

    /// Stores the observations of a group. On a full disk the oldest records make room for them.
    private func storeReadingsMakingRoom(_ group: [AppendRequest]) throws(SQLiteError) -> Bool {
        let bytes = group.reduce(0) { $0 + $1.batch.roughByteCount }
        guard group.contains(where: { !$0.observations.isEmpty }) else { return false }
        return try makingRoom(for: bytes) { () throws(SQLiteError) in try storeReadings(group) }
    }

    private func storeReadings(_ group: [AppendRequest]) throws(SQLiteError) -> Bool {
        let limit = group.reduce(0) { $0 + $1.observations.count }
        guard limit > 0 else { return false }
        intake.begin()
        do throws(SQLiteError) {
            try shared.memory.withLock { memory throws(SQLiteError) in
                memory.begin()
                for request in group { try intake.store(request, limit: limit, &memory) }
            }
            if intake.isAnyStored { try readings.commit() }
            if intake.isAnyUntrusted { shared.clockWatch.noteUntrusted() }
        } catch {
            readings.rollBack()
            shared.memory.withLock { $0.rollBack() }
            if error.code == .corrupt { readings.abandon() }
            throw error
        }
        shared.memory.withLock { $0.commit() }
        owe(intake.derived)
        return intake.isAnyStored
    }

    private func payOwed() {
        owe(eviction.takeNotes() + shared.takeOwed())
        owed += shared.repairs.takeUntold().map { $0.note(at: shared.clock.now()) }
        if !owed.isEmpty { commit([]) }
    }

    private func owe(_ notes: [Note]) {
        owed += notes
        if owed.count > Self.owedCountMax { owed.removeFirst(owed.count - Self.owedCountMax) }
    }

    private func storeNotes(_ stream: StreamName, _ group: [AppendRequest], _ ends: inout [(StreamName, Int64)]) {
        guard let writer = others[stream] else { return }
        var notes = owed.filter { $0.home == stream }
        var owners: [(request: AppendRequest, count: Int)] = []
        for request in group where request.failure == nil {
            let own = request.notes(of: stream)
            if own.isEmpty { continue }
            owners.append((request, own.count))
            notes += own
        }
        guard !notes.isEmpty else { return }
        var notesIntake = NotesIntake(writer, boot: shared.configuration.boot)
        do throws(SQLiteError) {
            let bytes = notes.reduce(0) { $0 + Int64($1.body.utf8.count) + 64 }
            let isGuarded = shared.configuration.retention.isGuarded(stream)
            try makingRoom(for: bytes, isGuarded: isGuarded) { () throws(SQLiteError) in try notesIntake.store(notes) }
            if notes.contains(where: { !$0.received.wall.trusted }) { shared.clockWatch.noteUntrusted() }
            owed.removeAll { $0.home == stream }
            for (request, count) in owners { request.part.noteCounts[stream, default: 0] += count }
            ends.append((stream, writer.log.last))
        } catch {
            for (request, _) in owners { request.failure = JournalError(error) }
        }
    }

    /// Runs `store`, making room for it on a full disk. What is rare and important may use the reserve.
    private func makingRoom<Stored>(
        for bytes: Int64, isGuarded: Bool = false, _ store: () throws(SQLiteError) -> Stored
    ) throws(SQLiteError) -> Stored {
        var attempt = 0
        while true {
            do throws(SQLiteError) {
                guard isGuarded || space.prepare(for: bytes) else { throw Self.onlyReserveLeft }
                return try store()
            } catch {
                attempt += 1
                guard error.code == .full, attempt < Self.attemptCountMax,
                    isGuarded && space.breakReserve() || space.relieve(bytes, attempt: attempt)
                else { throw error }
            }
        }
    }

    private func fail(_ group: [AppendRequest], _ error: SQLiteError) {
        for request in group {
            request.outcomes.removeAll()
            request.failure = JournalError(error)
        }
    }

    /// Writes down now and then how far the streams have got, so that a lost tail is noticed. Costs no sync.
    private func noteEnds(isLast: Bool) {
        let now = shared.clock.now().monotonicMilliseconds
        guard isLast || notedAt == .min || now - notedAt >= 1_000 else { return }
        let ends = others.inOrder.map { ($0.key, $0.value.log.last) }.filter { noted[$0.0] != $0.1 }
        notedAt = now
        guard !ends.isEmpty else { return }
        // A hint that cannot be written is written later; until then a lost tail would be noticed less surely.
        guard (try? shared.state.note(ends)) != nil else { return }
        for (stream, end) in ends { noted[stream] = end }
    }
}

extension Note {
    /// Readings come as observations only; a note that claims to be one is an event.
    var home: StreamName { stream == .readings ? .events : stream }
}
