import Testing

@testable import CloudSync

struct RequestBudgetTests {
    /// Takes whatever is allowed, every 100 ms, and gives the times.
    private func times(_ budget: inout RequestBudget, until end: Int64, heartbeats: Bool) -> [Int64] {
        var times: [Int64] = []
        for now in stride(from: Int64(0), to: end, by: 100) {
            while heartbeats ? budget.allowsHeartbeat(now: now) : budget.allowsEnvelope(now: now) {
                if heartbeats { budget.spendHeartbeat() } else { budget.spendEnvelope() }
                times.append(now)
                guard times.count < 100_000 else { return times }
            }
        }
        return times
    }

    private func mostIn(_ window: Int64, _ times: [Int64]) -> Int {
        var first = 0
        var most = 0
        for (index, time) in times.enumerated() {
            while times[first] <= time - window { first += 1 }
            most = max(most, index - first + 1)
        }
        return most
    }

    @Test func neverMoreThanTheMasAllowsInAnyMinuteOrHour() {
        for heartbeats in [true, false] {
            var budget = RequestBudget(.always, now: 0)
            let times = times(&budget, until: 10_000_000, heartbeats: heartbeats)
            #expect(mostIn(60_000, times) <= 60)
            #expect(mostIn(3_600_000, times) <= 1_000)
            #expect(mostIn(3_600_000, times) >= 950)
        }
    }

    @Test func envelopesAreFreeUntilTheMasShowsItsLimit() {
        var budget = RequestBudget(.adaptive, now: 0)
        for _ in 0..<1_000 { budget.spendEnvelope() }
        let allowed1 = budget.allowsEnvelope(now: 0)
        #expect(allowed1)
        budget.limited(now: 0)
        let allowed2 = budget.allowsEnvelope(now: 0)
        #expect(!allowed2)
        #expect(budget.envelopeAt(now: 0) == 15_000)
        let allowed3 = budget.allowsEnvelope(now: 15_000)
        #expect(allowed3)
    }

    @Test func heartbeatsGoBeforeEnvelopes() {
        var budget = RequestBudget(.always, now: 0)
        while budget.allowsEnvelope(now: 0) { budget.spendEnvelope() }
        for _ in 0..<RequestBudget.heartbeatReserve {
            let allowed4 = budget.allowsHeartbeat(now: 0)
            #expect(allowed4)
            budget.spendHeartbeat()
        }
        let allowed5 = budget.allowsHeartbeat(now: 0)
        #expect(!allowed5)
        #expect(budget.heartbeatAt(now: 0) == RequestBudget.refillMilliseconds)
    }

    @Test func aServiceTokenKnowsNoBudget() {
        var budget = RequestBudget(.never, now: 0)
        for _ in 0..<10_000 {
            let allowed = budget.allowsHeartbeat(now: 0) && budget.allowsEnvelope(now: 0)
            #expect(allowed)
            budget.spendHeartbeat()
            budget.spendEnvelope()
        }
        budget.limited(now: 0)
        #expect(!budget.isLimited)
    }
}
