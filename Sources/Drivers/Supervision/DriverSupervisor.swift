public import EventLoop
public import GatewayModel
internal import Synchronization

/// Keeps the drivers running: one that ends is started again after a while, and none notices the end of another.
public final class DriverSupervisor: Sendable {
    /// One driver as status shows it.
    public struct Status: Sendable, Equatable {
        public var name: String
        public var condition: DriverCondition
        /// How often it had to be started again.
        public var restarts: Int
        /// Why it ended last, for people; nil if it never did.
        public var lastFailure: String?
    }

    private struct Account {
        var restarts = 0
        var lastFailure: String?
    }

    private let drivers: [any Driver]
    private let clock: any Clock
    private let backoff: Backoff
    private let seed: UInt64
    private let sleep: @Sendable (Duration) async throws -> Void
    private let onFailure: @Sendable (_ driver: String, _ reason: String, _ retryAfter: Duration) -> Void
    private let accounts: Mutex<[Account]>

    /// `backoff` is where each driver starts: its cap bounds the wait, its stable while starts over. `seed` makes the
    /// waits differ between gateways. `onFailure` is told of every end, to log it.
    public init(
        drivers: [any Driver], clock: any Clock, seed: UInt64, backoff: Backoff = Backoff(),
        sleep: @escaping @Sendable (Duration) async throws -> Void,
        onFailure: @escaping @Sendable (_ driver: String, _ reason: String, _ retryAfter: Duration) -> Void
    ) {
        self.drivers = drivers
        self.clock = clock
        self.backoff = backoff
        self.seed = seed
        self.sleep = sleep
        self.onFailure = onFailure
        accounts = Mutex(Array(repeating: Account(), count: drivers.count))
    }

    /// Runs all drivers until cancelled; returns when the last one has ended.
    public func run() async {
        await withTaskGroup { group in
            for index in drivers.indices { group.addTask { await self.keepRunning(index) } }
        }
    }

    /// How each driver is now, in the order of the configuration.
    public var statuses: [Status] {
        let accounts = accounts.withLock { $0 }
        return zip(drivers, accounts).map { driver, account in
            Status(
                name: driver.name, condition: driver.condition, restarts: account.restarts,
                lastFailure: account.lastFailure)
        }
    }

    private func keepRunning(_ index: Int) async {
        var backoff = backoff
        var random = Jitter(seed: seed &+ UInt64(index))
        while !Task.isCancelled {
            backoff.succeeded(now: clock.now().monotonicMilliseconds)
            let reason: String
            do {
                try await drivers[index].run()
                reason = "ended without a reason"
            } catch {
                reason = String(describing: error)
            }
            if Task.isCancelled { return }
            let wait = backoff.failed(now: clock.now().monotonicMilliseconds, using: &random)
            accounts.withLock {
                $0[index].restarts += 1
                $0[index].lastFailure = reason
            }
            onFailure(drivers[index].name, reason, wait)
            // try? is right here: only cancellation ends the wait early, and the loop looks for it.
            try? await sleep(wait)
        }
    }
}
