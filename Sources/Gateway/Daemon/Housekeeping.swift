import CloudSync
import EventLoop
import Fleet
import GatewayModel
import HTTPClient
import Journal

/// What has to be done every second: look at the clock, expire commands, write the registry, audit what was done to
/// tokens, tell of devices that are silent and destinations that are away, feed the watchdog.
struct Housekeeping: Sendable {
    let store: Store
    let clock: SystemClock
    let log: Log
    var destinations: @Sendable () -> [DestinationStatus] = { [] }
    private let watch = Later(DestinationWatch())
    let beat: @Sendable () -> Void

    /// On a thread of its own: `state.db` may take its time.
    func run() async throws {
        try await DedicatedThread.run(named: "housekeeping") { stop in
            work(stop)
        }
    }

    private func work(_ stop: StopFlag) {
        var lastFailure = ""
        repeat {
            let failure = sweep()
            // Said once when it begins, not every second while the disk is full.
            if !failure.isEmpty, failure != lastFailure {
                log.warning("what is due every second cannot be done", ["error": failure])
            }
            lastFailure = failure
            beat()
        } while stop.sleep(for: .seconds(1))
    }

    /// Once more at the stop.
    func finish() {
        let failure = sweep()
        if !failure.isEmpty { log.warning("what is due every second cannot be done", ["error": failure]) }
    }

    /// Each for itself: what cannot be done now must not put off the rest.
    ///
    /// - Returns: why something failed; empty if nothing did.
    private func sweep() -> String {
        CertificateClock.current = clock.certificateTime
        let steps: [() throws -> Void] = [
            { try noteClock() }, { try store.commands.expire(now: clock.now()) }, { try store.devices.persist() },
            { try store.auditTokens(at: clock.now()) }, { try store.tellSilence(at: clock.now()) },
            { try tellDestinations() },
        ]
        var failures: [String] = []
        for step in steps {
            do { try step() } catch {
                // A full disk fails them all in the same words.
                let failure = "\(error)"
                if !failures.contains(failure) { failures.append(failure) }
            }
        }
        return failures.joined(separator: "; ")
    }

    private func tellDestinations() throws {
        var next = watch.value
        let notes = next.look(destinations(), at: clock.now())
        if !notes.isEmpty {
            var batch = ObservationBatch()
            for note in notes { batch.append(note) }
            _ = try store.journal.append(batch)
            for note in notes { log.warning(note.kind, ["destination": note.body]) }
        }
        watch.set(next)
    }

    private func noteClock() throws {
        guard let offset = try store.journal.note(clock: clock.now()) else { return }
        log.info("the time is known", ["evidence": clock.standing.evidence.rawValue, "offset_ms": "\(offset)"])
    }
}
