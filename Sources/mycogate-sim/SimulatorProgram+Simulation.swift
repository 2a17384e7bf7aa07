import EventLoop
import GatewayModel
import GatewayTestKit

extension SimulatorProgram {
    /// Runs the sites of some seeds; 1 if one of them broke a promise, or if none noticed the bug that was planted.
    static func simulate(_ options: inout SimulatorOptions) throws(UsageError) -> Int32 {
        let first = UInt64(try options.integer("seed", in: 0...1_000_000_000) ?? 1)
        let count = try options.integer("seeds", in: 1...10_000_000) ?? 200
        let name = options.text("bug")
        let bug = name.flatMap { PlantedBug(rawValue: $0) }
        try options.finish()
        if let name, bug == nil {
            let names = PlantedBug.allCases.map(\.rawValue).joined(separator: " ")
            throw UsageError(message: "no such bug: \(name); there are \(names)")
        }
        let clock = SystemClock()
        let start = clock.now().monotonicMilliseconds
        var tally = SimulationTally()
        for seed in first..<first + UInt64(count) {
            let outcome = SimulationOutcome.run(seed: seed, bug: bug)
            tally.add(outcome)
            if let violation = outcome.violation, bug == nil {
                say("\(outcome.lastSteps)\nseed \(seed): \(violation)\nagain: make sim SEED=\(seed) SEEDS=1\n")
            }
        }
        say(tally.sentence(milliseconds: clock.now().monotonicMilliseconds - start))
        if bug == nil { return tally.failed == 0 ? 0 : 1 }
        return tally.failed > 0 ? 0 : 1
    }
}

/// Sums over the sites that were simulated.
struct SimulationTally {
    private(set) var failed = 0
    private var sites = 0
    private var messages = 0
    private var lives = 0
    private var deliveries = 0
    private var evicted: Int64 = 0
    private var hours = 0.0
    private var longestHealing: Int64 = 0
    private var hash: UInt64 = 0

    mutating func add(_ outcome: SimulationOutcome) {
        sites += 1
        if outcome.violation != nil { failed += 1 }
        messages += outcome.messages
        lives += outcome.lives
        evicted += outcome.evicted
        deliveries += outcome.deliveries
        hours += Double(outcome.duration) / 3_600_000
        longestHealing = max(longestHealing, outcome.healing)
        hash = hash &* 31 ^ outcome.traceHash
    }

    func sentence(milliseconds: Int64) -> String {
        let perMinute = Int64(sites) * 60_000 / max(1, milliseconds)
        return """
            sim: \(sites) sites, \(failed) failed; \(Int(hours)) hours, \(messages) messages, \(lives) lives, \(evicted) evicted, \
            \(deliveries) deliveries, drained within \(longestHealing / 1_000) s of healing; trace \
            \(String(hash, radix: 16)); \(perMinute) sites a minute

            """
    }
}
