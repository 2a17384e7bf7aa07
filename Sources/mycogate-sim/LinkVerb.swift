import GatewayTestKit

/// Links that flap while messages come in.
enum LinkVerb {
    static func run(_ options: inout SimulatorOptions) throws(UsageError) -> Int32 {
        var trial = LinkTrial(
            binary: try options.required("gateway"), seconds: try options.integer("seconds", in: 1...86_400) ?? 600,
            seed: UInt64(try options.integer("seed", in: 0...1_000_000_000) ?? 1))
        trial.breaksBroker = options.flag("broker")
        trial.rate = try options.integer("rate", in: 5...10_000) ?? 50
        try options.finish()
        do {
            let outcome = try trial.run()
            let verdict = outcome.verdict
            SimulatorProgram.say(
                "links: \(outcome.changes) changes in \(trial.seconds) s, \(outcome.published) messages, "
                    + "lost=\(verdict.lost.count) doubled=\(verdict.doubled.count) "
                    + "undelivered=\(verdict.undelivered) twice=\(verdict.deliveredTwice) "
                    + "differing=\(verdict.differing)\n"
                    + "       at most \(outcome.behindMax) messages at the broker and not yet stored; all delivered "
                    + "\(outcome.recovery) s after healing: \(outcome.isDelivered)\n"
                    + "       resident KiB after each tenth and at the end: \(outcome.residentBytes.map { $0 >> 10 })\n"
                    + "       descriptors: \(outcome.descriptors)\n")
            return outcome.isDelivered && verdict.isClean ? 0 : 1
        } catch {
            SimulatorProgram.complain("links: \(error)")
            return 1
        }
    }
}
