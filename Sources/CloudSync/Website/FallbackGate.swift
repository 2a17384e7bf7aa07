internal import EventLoop
public import GatewayModel
internal import JSONText
internal import Synchronization

/// Lets a destination have records only while another one, its primary, is away.
///
/// While the primary works, the fallback's cursor follows the primary's and nothing is sent. When the primary has been held or
/// unreachable for a while and records wait, the gate opens: the fallback gets what the primary has not acknowledged. The
/// primary's own cursor is never touched, so it gets all of it too once it is back. Both moments are entered in the audit, the
/// first before anything is sent.
public final class FallbackGate: Sendable {
    /// Who stands in for whom.
    public struct Names: Sendable, Equatable {
        public var fallback: String
        public var primary: String

        public init(fallback: String, primary: String) {
            self.fallback = fallback
            self.primary = primary
        }
    }

    private struct State {
        var watch: FallbackWatch
        var isOpen = false
        /// What the primary has acknowledged, as last seen.
        var primaryAcknowledged = SequenceNumber.zero
        var openedAfter = SequenceNumber.zero
        /// What the fallback has acknowledged.
        var reached = SequenceNumber.zero
        var listeners: [Int: @Sendable () -> Void] = [:]
        var nextListener = 0
        var trouble: String?
    }

    private let names: Names
    private let primary: @Sendable () -> DestinationStatus?
    private let audit: @Sendable (Note) throws -> Void
    private let clock: any Clock
    private let state: Mutex<State>

    /// - Parameters:
    ///   - after: how long the primary has to be away.
    ///   - primary: how it is doing; nil if it is not there.
    ///   - audit: enters a note durably.
    public init(
        _ names: Names, after: Duration, clock: any Clock, primary: @escaping @Sendable () -> DestinationStatus?,
        audit: @escaping @Sendable (Note) throws -> Void
    ) {
        self.names = names
        self.primary = primary
        self.audit = audit
        self.clock = clock
        state = Mutex(State(watch: FallbackWatch(after: after.milliseconds)))
    }

    /// Whether the fallback is in use.
    public var isOpen: Bool { state.withLock { $0.isOpen } }

    /// Why the fallback could not be taken into use although it should be; nil usually.
    public var trouble: String? { state.withLock { $0.trouble } }

    /// The source as the fallback may see it.
    public func guarding(_ source: DeliverySource) -> DeliverySource {
        var guarded = source
        guarded.visit = { [self] after, limit, gap, body in
            let (isOpen, followed) = state.withLock { ($0.isOpen, $0.primaryAcknowledged) }
            if followed > after { return (min(followed, max(after, source.last())), isOpen) }
            guard isOpen else { return (after, false) }
            return try source.visit(after, limit, gap, body)
        }
        guarded.acknowledge = { [self] seq in
            try source.acknowledge(seq)
            state.withLock { $0.reached = seq }
        }
        guarded.onAppend = { [self] body in
            let key = state.withLock { state in
                state.nextListener += 1
                state.listeners[state.nextListener] = body
                return state.nextListener
            }
            return Registration(source: source.onAppend(body)) { [weak self] in
                _ = self?.state.withLock { $0.listeners.removeValue(forKey: key) }
            }
        }
        return guarded
    }

    /// Looks every second until the task is cancelled.
    public func run() async throws {
        defer { if isOpen { close(reason: "stopped") } }
        while !Task.isCancelled {
            look()
            // Cancellation is how it ends: no error.
            try? await Task.sleep(for: .seconds(1))
        }
    }

    /// Opens or closes the gate by what the primary does now.
    public func look() {
        guard let status = primary() else { return }
        let now = clock.now()
        let (decision, followers) = state.withLock { state in
            let hasMoved = status.acknowledged > state.primaryAcknowledged
            state.primaryAcknowledged = max(state.primaryAcknowledged, status.acknowledged)
            let decision = state.watch.look(status, now: now.monotonicMilliseconds, isOpen: state.isOpen)
            return (decision, hasMoved ? Array(state.listeners.values) : [])
        }
        for follower in followers { follower() }
        switch decision {
        case .stay: break
        case .open(let reason): open(reason, after: status.acknowledged, now)
        case .close(let reason): close(reason: reason)
        }
    }

    private func open(_ reason: String, after: SequenceNumber, _ now: ReceiveTime) {
        do {
            try audit(note("fallback_opened", reason, [("after", after.rawValue)], now))
        } catch {
            // What cannot be recorded is not used.
            return state.withLock { $0.trouble = "the fallback is not used: \(error)" }
        }
        let listeners = state.withLock { state in
            state.isOpen = true
            state.openedAfter = after
            state.trouble = nil
            return Array(state.listeners.values)
        }
        for listener in listeners { listener() }
    }

    private func close(reason: String) {
        let (after, reached) = state.withLock { state in
            state.isOpen = false
            return (state.openedAfter.rawValue, max(state.openedAfter, state.reached).rawValue)
        }
        do {
            try audit(note("fallback_closed", reason, [("after", after), ("up_to", reached)], clock.now()))
        } catch {
            state.withLock { $0.trouble = "the end of the fallback's use could not be recorded: \(error)" }
        }
    }

    private func note(_ kind: String, _ reason: String, _ numbers: [(String, Int64)], _ now: ReceiveTime) -> Note {
        var writer = JSONWriter()
        writer.beginObject()
        for (key, value) in [("destination", names.fallback), ("primary", names.primary), ("reason", reason)] {
            writer.key(key)
            writer.string(value)
        }
        for (key, value) in numbers {
            writer.key(key)
            writer.integer(value)
        }
        writer.endObject()
        return Note(.audit, kind: kind, body: writer.text, received: now)
    }

    /// Ends both registrations when it is released.
    private final class Registration: Sendable {
        private let source: any Sendable
        private let end: @Sendable () -> Void

        init(source: any Sendable, end: @escaping @Sendable () -> Void) {
            self.source = source
            self.end = end
        }

        deinit { end() }
    }
}
