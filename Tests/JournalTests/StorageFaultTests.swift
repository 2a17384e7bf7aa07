import GatewayTestKit
import Testing

/// A fault at each call that a journal's life makes, in turn: afterwards everything acknowledged is there, once.
@Suite struct StorageFaultTests {
    struct Kind: Sendable, CustomTestStringConvertible {
        var fault: FaultyDisk.Fault
        var isLasting: Bool
        var testDescription: String { "\(fault)\(isLasting ? ", lasting" : ", once")" }
    }

    static let kinds = FaultyDisk.Fault.allCases.flatMap {
        [Kind(fault: $0, isLasting: false), Kind(fault: $0, isLasting: true)]
    }

    /// Every 61st call here, each kind beginning at another one; `make storage` does all.
    @Test(.timeLimit(.minutes(5)), arguments: Array(kinds.enumerated()))
    func aFaultAtAnyCallLosesNothingThatWasAcknowledged(_ numbered: (offset: Int, element: Kind)) throws {
        let trial = StorageFaultTrial()
        let count = try trial.callCount()
        #expect(count > 300)
        for call in stride(from: 1 + numbered.offset, through: count + 10, by: 61) {
            let kind = numbered.element
            let violations = try trial.violations(kind.fault, at: call, isLasting: kind.isLasting)
            #expect(violations.isEmpty, "\(kind) at call \(call)")
        }
    }
}
