import EventLoop
import GatewayModel
import GatewayTestKit
import Synchronization
import Testing

@testable import Drivers

@Suite struct DriverSupervisorTests {
    struct Broken: Error {}

    /// Fails as often as it is told to, then runs until cancelled.
    private final class FlakyDriver: Driver {
        let name: String
        let condition = DriverCondition.working
        let failuresLeft: Mutex<Int>
        let reachedSteady: AsyncStream<Void>.Continuation?

        init(_ name: String, failures: Int, reachedSteady: AsyncStream<Void>.Continuation? = nil) {
            self.name = name
            failuresLeft = Mutex(failures)
            self.reachedSteady = reachedSteady
        }

        func run() async throws {
            let fails = failuresLeft.withLock { left in
                left -= 1
                return left >= 0
            }
            if fails { throw Broken() }
            reachedSteady?.yield()
            // Stays until it is cancelled.
            try await Task.sleep(for: .seconds(3_600))
        }
    }

    @Test func aDriverThatFailsIsStartedAgainAndTouchesNoOther() async throws {
        let (steady, continuation) = AsyncStream.makeStream(of: Void.self)
        let waits = Mutex<[Duration]>([])
        let good = FlakyDriver("good", failures: 0)
        let supervisor = DriverSupervisor(
            drivers: [good, FlakyDriver("flaky", failures: 3, reachedSteady: continuation)], clock: VirtualClock(),
            seed: 7, sleep: { _ in }, onFailure: { _, _, wait in waits.withLock { $0.append(wait) } })
        let running = Task { await supervisor.run() }
        var arrivals = steady.makeAsyncIterator()
        _ = await arrivals.next()
        let statuses = supervisor.statuses
        #expect(statuses.map(\.restarts) == [0, 3])
        #expect(statuses[1].lastFailure == "Broken()")
        #expect(waits.withLock { $0.count } == 3)
        running.cancel()
        await running.value
    }

    @Test func waitsGrowToTheCapAndStartOverAfterAStableWhile() {
        var backoff = Backoff(initial: .seconds(1), max: .seconds(8), stableAfter: .seconds(30))
        var random = Jitter(seed: 1)
        var longest = Duration.zero
        for _ in 0..<200 {
            backoff.succeeded(now: 0)
            longest = max(longest, backoff.failed(now: 1_000, using: &random))
        }
        #expect(longest > .seconds(4) && longest <= .seconds(8))
        backoff.succeeded(now: 0)
        let answer1 = backoff.failed(now: 31_000, using: &random)
        #expect(answer1 <= .seconds(1))
    }

    @Test func jitterOfDifferentSeedsDiffers() {
        var one = Jitter(seed: 1)
        var two = Jitter(seed: 2)
        let first = one.next()
        let second = two.next()
        #expect(first != second)
    }
}
