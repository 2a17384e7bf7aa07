import Fleet
import GatewayModel

/// What has to be done every second: expire commands, write the registry, feed the watchdog.
struct Housekeeping: Sendable {
    let store: Store
    let clock: any Clock
    let log: Log
    let beat: @Sendable () -> Void

    func run() async throws {
        var lastFailure = ""
        while !Task.isCancelled {
            let failure = sweep()
            // Said once when it begins, not every second while the disk is full.
            if !failure.isEmpty, failure != lastFailure {
                log.warning("state.db cannot be written", ["error": failure])
            }
            lastFailure = failure
            beat()
            try await Task.sleep(for: .seconds(1))
        }
    }

    /// Once more at the stop.
    func finish() {
        let failure = sweep()
        if !failure.isEmpty { log.warning("state.db cannot be written", ["error": failure]) }
    }

    private func sweep() -> String {
        do {
            try store.commands.expire(now: clock.now().wall)
            try store.devices.persist()
            return ""
        } catch {
            return "\(error)"
        }
    }
}
