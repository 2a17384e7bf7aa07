internal import Journal

/// A journal whose power is cut again and again, each time leaving what was synced and some of the rest.
///
/// What had been acknowledged before a cut must be there after it; what had not is offered again, as a broker does.
public struct PowerCutTrial {
    /// What one seed led to.
    public struct Outcome: Sendable {
        /// What is wrong in the end, in sentences.
        public var violations: [String] = []
        public var cuts = 0
        /// Messages acknowledged before the last cut.
        public var acknowledged = 0
    }

    private static let roundsPerLife = 8
    /// Calls of a life, about: cuts fall anywhere in it, or not at all.
    private static let callCountMax = 500

    public init() {}

    /// Three lives that end by a cut wherever the seed says, while opening too, and a last one on a sound disk.
    public func run(seed: UInt64) throws -> Outcome {
        var random = SeededRandom(seed: seed)
        let clock = VirtualClock()
        var ledger = AppendLedger()
        var outcome = Outcome()
        var folder = try TemporaryFolder("power-cut")
        for _ in 0..<3 {
            let disk = FaultyDisk(folder.path)
            // A sync that fails once leaves doubtful what it should have made certain, whatever later syncs say.
            if random.chance(0.25) {
                let fault: FaultyDisk.Fault = random.chance(0.5) ? .ioError : .noSpace
                switch random.integer(in: 0...2) {
                case 0: disk.fail(fault, from: random.integer(in: 1...Self.callCountMax), isLasting: false)
                case 1:
                    let calls: Set<FaultyDisk.Call> = [.sync, .syncFolder, .makeFolder]
                    disk.fail(fault, calls, from: random.integer(in: 1...60), isLasting: false)
                default:
                    let calls: Set<FaultyDisk.Call> = [.delete, .rename, .open, .truncate]
                    disk.fail(fault, calls, from: random.integer(in: 1...60), isLasting: false)
                }
            }
            disk.cutPower(at: random.integer(in: 1...Self.callCountMax))
            let life = TrialLife(disk: disk, clock: clock)
            _ = life.run(rounds: Self.roundsPerLife, &ledger)
            // Where the life had its end before the cut, this is where it comes.
            disk.cutPower()
            outcome.cuts += 1
            outcome.acknowledged = ledger.acknowledged.count
            let next = try TemporaryFolder("power-cut")
            try disk.writeSurvivors(to: next.path, seed: random.next())
            folder = next
        }
        let disk = FaultyDisk(folder.path)
        let life = TrialLife(disk: disk, clock: clock)
        if !life.run(rounds: 1, &ledger) { ledger.complain("does not work after the last cut") }
        try ledger.check(in: life, lostCursors: true, folder.path)
        outcome.violations = ledger.violations
        return outcome
    }
}
