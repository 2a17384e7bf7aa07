internal import GatewayModel
internal import Journal
internal import SQLite

/// One life of a journal under trial: opened, written over several segments, read, and closed, whatever the disk does.
///
/// What fails is tried again, and the disk is healed after some failures; a power cut ends the life.
struct TrialLife {
    static let batchCount = 60
    static let segmentSize: Int64 = 24 << 10
    static let maxBytes: Int64 = 160 << 10

    let disk: FaultyDisk
    let clock: VirtualClock

    /// Runs through; true if it came to its end.
    func run(rounds: Int, _ ledger: inout AppendLedger) -> Bool {
        guard let journal = attempt(&ledger, { try open() }) else { return false }
        defer { journal.close() }
        // What had no answer when the power went comes again, as from a broker that has kept the session.
        let resumed = SessionStart.resumed(underWayMax: Self.batchCount)
        if let batch = ledger.takeUp(), append(batch, journal, &ledger, resumed) == nil { return false }
        for round in ledger.nextRound..<ledger.nextRound + rounds {
            clock.advance(by: .milliseconds(1_100))
            let batch = TrialBatch(round: round, count: Self.batchCount)
            ledger.offer(batch)
            guard append(batch, journal, &ledger) != nil else { return false }
            if round % 3 == 2, !moveCursor(journal, &ledger) { return false }
            if round % 4 == 3, !read(journal, &ledger) { return false }
        }
        return true
    }

    func open() throws -> Journal {
        let journal = try JournalFolder.open(
            disk.path, clock: clock, segmentSize: Self.segmentSize, maxBytes: Self.maxBytes)
        do throws(JournalError) { try journal.declare([RequiredConsumer("mas", .readings)]) } catch {
            journal.close()
            throw error
        }
        return journal
    }

    private func append(
        _ batch: TrialBatch, _ journal: Journal, _ ledger: inout AppendLedger, _ start: SessionStart? = nil
    ) -> Void? {
        var observations = batch.observations(at: clock.now())
        if start != nil { observations.markRedelivered(from: 0) }
        guard let receipt = attempt(&ledger, { try journal.append(observations, sessionStart: start) }) else {
            return nil
        }
        ledger.acknowledge(batch, receipt)
        return ()
    }

    private func moveCursor(_ journal: Journal, _ ledger: inout AppendLedger) -> Bool {
        let end = journal.status(of: .readings).lastSeq
        ledger.offer(cursor: end.rawValue)
        let moved = attempt(&ledger) {
            try journal.acknowledge("mas", .readings, upTo: end, epoch: journal.epoch)
        }
        if let moved { ledger.confirm(cursor: moved.rawValue) }
        return moved != nil
    }

    private func read(_ journal: Journal, _ ledger: inout AppendLedger) -> Bool {
        let status = journal.status(of: .readings)
        let after = SequenceNumber(max(0, status.lastSeq.rawValue - 200))
        guard let page = attempt(&ledger, { try journal.read(.readings, after: after, limit: 100) }) else {
            return false
        }
        for record in page.records where TrialBatch.number(of: record) == nil {
            ledger.complain("record \(record.seq) reads as none of ours")
        }
        return true
    }

    /// Repeats what fails; nil once the power is off, or when it does not work on a sound disk either.
    private func attempt<R>(_ ledger: inout AppendLedger, _ work: () throws -> R) -> R? {
        for failures in 1... {
            do { return try work() } catch {
                if disk.isOff { return nil }
                check(error, &ledger)
                if failures == 3 { disk.heal() }
                if failures > 10 {
                    ledger.complain("still fails on a sound disk: \(error)")
                    return nil
                }
            }
        }
        return nil
    }

    /// A disk that refuses is no reason to believe that anything is damaged, or that all is lost.
    private func check(_ error: any Error, _ ledger: inout AppendLedger) {
        switch error {
        case let error as JournalError:
            if case .retry = error.disposition, !error.description.contains("corrupt") { return }
        case let error as SQLiteError:
            if error.code != .corrupt, error.code != .invalid { return }
        default: break
        }
        ledger.complain("an error that leads nowhere: \(error)")
    }
}
