import Synchronization
import Testing

@testable import Gateway

/// The watchdog is fed by what proves that the daemon does its work.
@Suite struct WatchdogTests {
    @Test func itIsFedOnlyWhileAllAnswer() {
        let answers = Mutex(true)
        let fed = Mutex(0)
        let watchdog = Watchdog(
            answers: [{ true }, { answers.withLock { $0 } }], feed: { fed.withLock { $0 += 1 } })
        watchdog.beat()
        watchdog.beat()
        #expect(fed.withLock { $0 } == 2)
        answers.withLock { $0 = false }
        watchdog.beat()
        #expect(fed.withLock { $0 } == 2)
        answers.withLock { $0 = true }
        watchdog.beat()
        #expect(fed.withLock { $0 } == 3)
    }
}
