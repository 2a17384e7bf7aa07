import EventLoop
import GatewayModel
import Testing

@Suite struct TimingTests {
    /// A small seeded generator, so that every run draws the same.
    struct Seeded: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            return value ^ (value >> 31)
        }
    }

    @Test func backoffStaysWithinItsCeilingAndDoublesAndIsSpread() {
        var random = Seeded(state: 1)
        var backoff = Backoff(initial: .milliseconds(100), max: .seconds(5), stableAfter: .seconds(30))
        var longest = Duration.zero
        var shortest = Duration.seconds(5)
        for attempt in 0..<200 {
            let ceiling = min(.seconds(5), Duration.milliseconds(100) * (1 << min(attempt, 20)))
            let wait = backoff.failed(now: Int64(attempt), using: &random)
            #expect(wait >= .zero && wait <= ceiling)
            longest = max(longest, wait)
            if attempt > 10 { shortest = min(shortest, wait) }
        }
        #expect(longest > .seconds(4))
        // Gateways that lost the same peer together must not come back together.
        #expect(shortest < .seconds(1))
    }

    @Test func onlyASuccessThatLastsStartsOver() {
        var random = Seeded(state: 2)
        var backoff = Backoff(initial: .seconds(1), max: .seconds(60), stableAfter: .seconds(30))
        for _ in 0..<5 { _ = backoff.failed(now: 0, using: &random) }
        backoff.succeeded(now: 1_000)
        _ = backoff.failed(now: 1_500, using: &random)
        #expect(backoff.failures == 6)
        backoff.succeeded(now: 2_000)
        #expect(backoff.failed(now: 32_000, using: &random) <= .seconds(1))
        #expect(backoff.failures == 1)
    }

    @Test func rateLimitLetsABurstThroughAndCountsWhatItHoldsBack() {
        var limit = RateLimit(burst: 2, every: .seconds(10))
        #expect(limit.take(now: 0) == 0)
        #expect(limit.take(now: 0) == 0)
        for now in 0..<5 { #expect(limit.take(now: Int64(now)) == nil) }
        #expect(limit.take(now: 10_000) == 5)
        #expect(limit.take(now: 10_001) == nil)
        #expect(limit.take(now: 1_000_000) == 1)
        #expect(limit.take(now: 1_000_000) == 0)
        #expect(limit.take(now: 1_000_000) == nil)
    }

    @Test func aVouchedClockIsTrustedAndTheMonotonicClockNeverFallsBack() {
        let clock = SystemClock(isVouched: true)
        let first = clock.now()
        let second = clock.now()
        #expect(first.wall.trusted)
        #expect(first.wall.milliseconds > 1_600_000_000_000)
        #expect(second.monotonicMilliseconds >= first.monotonicMilliseconds)
    }

    @Test func theBootHasAnIdentity() throws {
        let id = try BootID.current()
        #expect(id.utf8.count == 36)
        #expect(try BootID.current() == id)
    }
}
