import GatewayTestKit
import Glibc

/// Faults and power cuts under a journal, until something is lost or all have been tried.
enum StorageVerb {
    static func run(_ options: inout SimulatorOptions) throws(UsageError) -> Int32 {
        let seeds = try options.integer("seeds", in: 0...10_000_000) ?? 1_000
        let first = try options.integer("seed", in: 0...1_000_000_000) ?? 1
        let every = try options.integer("every", in: 1...1_000_000) ?? 1
        try options.finish()
        do {
            let failures = try faults(every) + cuts(first..<first + seeds)
            return failures == 0 ? 0 : 1
        } catch {
            SimulatorProgram.complain("storage: \(error)")
            return 1
        }
    }

    /// - Returns: how many trials found something.
    private static func faults(_ every: Int) throws -> Int {
        let trial = StorageFaultTrial()
        let count = try trial.callCount()
        var trials = 0
        var failures = 0
        for fault in FaultyDisk.Fault.allCases {
            for isLasting in [false, true] {
                for call in stride(from: 1, through: count + 10, by: every) {
                    trials += 1
                    let violations = try trial.violations(fault, at: call, isLasting: isLasting)
                    if violations.isEmpty { continue }
                    failures += 1
                    say("\(fault)\(isLasting ? " lasting" : "") from call \(call)", violations)
                }
            }
        }
        SimulatorProgram.say("storage: \(trials) faults at \(count) calls, \(failures) with losses or doubles\n")
        return failures
    }

    private static func cuts(_ seeds: Range<Int>) throws -> Int {
        var failures = 0
        var cuts = 0
        var acknowledged = 0
        for seed in seeds {
            let outcome = try PowerCutTrial().run(seed: UInt64(seed))
            cuts += outcome.cuts
            acknowledged += outcome.acknowledged
            if outcome.violations.isEmpty { continue }
            failures += 1
            say("seed \(seed)", outcome.violations)
        }
        SimulatorProgram.say(
            "storage: \(cuts) power cuts of \(seeds.count) seeds, \(acknowledged) messages acknowledged before them, "
                + "\(failures) seeds with losses or doubles\n")
        return failures
    }

    private static func say(_ what: String, _ violations: [String]) {
        for violation in violations.prefix(5) { SimulatorProgram.say("\(what): \(violation)\n") }
    }
}
