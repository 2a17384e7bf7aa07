internal import Journal

/// A journal's life with a fault at one of its calls, and what it holds afterwards.
public struct StorageFaultTrial {
    /// Appends: enough to fill and seal several segments and to evict some.
    public var rounds: Int
    private let clock = VirtualClock()

    /// A scenario of its own, on a disk of its own each time.
    public init(rounds: Int = 24) { self.rounds = rounds }

    /// How many calls the scenario makes on a sound disk. The writer's own thread makes some of them, so that the order
    /// may differ a little from one run to the next.
    public func callCount() throws -> Int {
        let folder = try TemporaryFolder("storage-trial")
        let disk = FaultyDisk(folder.path)
        var ledger = AppendLedger()
        _ = TrialLife(disk: disk, clock: clock).run(rounds: rounds, &ledger)
        return disk.callCount
    }

    /// Runs it with the given fault at the `call`th call.
    ///
    /// - Returns: what is wrong afterwards, in sentences; nothing if all is well.
    public func violations(_ fault: FaultyDisk.Fault, at call: Int, isLasting: Bool) throws -> [String] {
        let folder = try TemporaryFolder("storage-trial")
        let disk = FaultyDisk(folder.path)
        let life = TrialLife(disk: disk, clock: clock)
        var ledger = AppendLedger()
        disk.fail(fault, from: call, isLasting: isLasting)
        if !life.run(rounds: rounds, &ledger) { ledger.complain("did not come to its end") }
        disk.heal()
        try ledger.check(in: life, lostCursors: false, folder.path)
        return ledger.violations
    }
}

extension AppendLedger {
    /// Opens what is there, as the next start of the daemon does, and compares.
    mutating func check(in life: TrialLife, lostCursors: Bool, _ path: String) throws {
        do {
            let journal = try life.open()
            defer { journal.close() }
            try check(journal, lostCursors: lostCursors)
        } catch {
            complain("cannot be opened or read again: \(error)")
        }
        if File.exists(path + "/damaged") { complain("something was set aside as damaged") }
    }
}
