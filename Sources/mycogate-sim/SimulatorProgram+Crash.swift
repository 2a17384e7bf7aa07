import GatewayTestKit

extension SimulatorProgram {
    /// Kills the gateway; 1 if something was lost or doubled.
    static func crash(_ options: inout SimulatorOptions) throws(UsageError) -> Int32 {
        let name = options.text("destinations") ?? "all"
        guard let destinations = CrashDestinations(rawValue: name) else {
            throw UsageError(message: "--destinations \(name): accepted all, mas")
        }
        let trial = CrashTrial(
            binary: try options.required("gateway"),
            messages: try options.integer("messages", in: 100...10_000_000) ?? 200_000,
            kills: try options.integer("kills", in: 0...10_000) ?? 30,
            seed: UInt64(try options.integer("seed", in: 0...1_000_000_000) ?? 1), destinations: destinations)
        try options.finish()
        do {
            let verdict = try trial.run()
            say(
                "crash: \(verdict.kills) kills, \(verdict.acknowledged) acknowledged, lost=\(verdict.lost.count) "
                    + "doubled=\(verdict.doubled.count)\n\(table(verdict.destinations))")
            return verdict.isClean ? 0 : 1
        } catch {
            complain("crash: \(error)")
            return 1
        }
    }

    private static func table(_ tallies: [CrashTally]) -> String {
        var rows = [["", "messages", "lost", "doubled", "differing", "identical repeats"]]
        for tally in tallies {
            let counts = [tally.messages, tally.lost.count, tally.doubled.count, tally.differing, tally.repeats]
            rows.append([tally.destination] + counts.map(String.init))
        }
        return rows.map { row in
            row.enumerated().map { index, text in
                let padding = String(repeating: " ", count: max(0, (index == 0 ? 8 : 19) - text.utf8.count))
                return index == 0 ? text + padding : padding + text
            }.joined() + "\n"
        }.joined()
    }
}
