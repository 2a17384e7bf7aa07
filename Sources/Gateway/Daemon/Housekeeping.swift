import Fleet
import GatewayModel

/// What has to be done every second: expire commands, write the registry, audit what was done to tokens, feed the
/// watchdog.
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
                log.warning("what is due every second cannot be done", ["error": failure])
            }
            lastFailure = failure
            beat()
            try await Task.sleep(for: .seconds(1))
        }
    }

    /// Once more at the stop.
    func finish() {
        let failure = sweep()
        if !failure.isEmpty { log.warning("what is due every second cannot be done", ["error": failure]) }
    }

    private func sweep() -> String {
        do {
            try store.commands.expire(now: clock.now().wall)
            try store.devices.persist()
            try store.auditTokens(at: clock.now())
            return ""
        } catch {
            return "\(error)"
        }
    }
}
