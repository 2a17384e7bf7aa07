import GatewayTestKit
import Testing

/// Whole sites under one seed. `make sim` runs many more.
@Suite(.serialized)
struct SimulationTests {
    @Test(arguments: 1...15)
    func whateverGoesWrongAllIsDeliveredOnceInTheEnd(seed: UInt64) {
        let outcome = SimulationOutcome.run(seed: seed)
        if let violation = outcome.violation { Issue.record("\(violation)\n\(outcome.lastSteps)") }
    }

    /// Where one call fails while a batch with a reading and a note is stored, and where a power cut follows an eviction.
    @Test(arguments: [106, 114, 287, 469])
    func whatOnceWentWrongGoesRight(seed: UInt64) {
        let outcome = SimulationOutcome.run(seed: seed)
        if let violation = outcome.violation { Issue.record("\(violation)\n\(outcome.lastSteps)") }
    }

    @Test(arguments: [3, 8])
    func theSameSeedGivesTheSameTrace(seed: UInt64) {
        let first = SimulationOutcome.run(seed: seed)
        let second = SimulationOutcome.run(seed: seed)
        #expect(first.traceHash == second.traceHash)
        #expect(first.steps == second.steps)
    }

    /// The checkers stand outside: none of them is told of the mistake.
    @Test(arguments: PlantedBug.allCases)
    func aPlantedBugIsCaught(bug: PlantedBug) {
        // Seeds that see much of what this bug needs come first.
        let first: UInt64 =
            switch bug {
            case .hidesGaps: 56
            case .confirmsBeforeCommit: 43
            default: 1
            }
        let isCaught = (first...first + 60).contains { SimulationOutcome.run(seed: $0, bug: bug).violation != nil }
        #expect(isCaught, "\(bug.rawValue) went unnoticed")
    }
}
