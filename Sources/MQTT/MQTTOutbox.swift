internal import Synchronization

/// Publications of any thread on their way to the one thread that owns the connection. Bounded, and outlives connections:
/// what was not confirmed when a connection ended is published again on the next, in order.
///
/// Not durable: a publication that must survive this process belongs in the journal first.
public final class MQTTOutbox: Sendable {
    /// Called once, on the connection's thread: the broker's reason (a failure too), or why it was never delivered.
    public typealias Completion = @Sendable (Result<MQTTReason, MQTTError>) -> Void

    private struct Submission {
        var publication: MQTTPublication
        var completion: Completion?
    }

    private struct State {
        /// Those before `head` have gone; they are removed many at a time, because removing one moves all the others.
        var waiting: [Submission?] = []
        var head = 0
        var inFlight: [(id: Int32, entry: Submission)] = []
        var byteCount = 0
        var isClosed = false

        var count: Int { waiting.count - head + inFlight.count }

        mutating func takeFirst() -> Submission? {
            guard head < waiting.count else { return nil }
            defer {
                waiting[head] = nil
                head += 1
                if head == waiting.count || head >= 1_024 {
                    waiting.removeFirst(head)
                    head = 0
                }
            }
            return waiting[head]
        }

        mutating func putFirst(_ entries: [Submission]) {
            waiting.replaceSubrange(0..<head, with: entries)
            head = 0
        }
    }

    private let state = Mutex(State())
    private let countMax: Int
    private let byteCountMax: Int
    /// Publications the broker may have without having confirmed them.
    static let inFlightMax = 100
    private let wake: @Sendable () -> Void

    /// `wake` is called after each submission, to wake the connection's thread.
    public init(countMax: Int = 10_000, byteCountMax: Int = 4 << 20, wake: @escaping @Sendable () -> Void) {
        self.countMax = countMax
        self.byteCountMax = byteCountMax
        self.wake = wake
    }

    /// Publications not confirmed yet.
    public var count: Int { state.withLock { $0.count } }

    /// Takes a publication, or throws `outboxFull`. `completion` must be quick.
    public func submit(_ publication: MQTTPublication, completion: Completion? = nil) throws(MQTTError) {
        let size = publication.payload.count
        let taken = state.withLock { state in
            guard !state.isClosed, state.count < countMax, state.byteCount + size <= byteCountMax else { return false }
            state.waiting.append(Submission(publication: publication, completion: completion))
            state.byteCount += size
            return true
        }
        guard taken else { throw .outboxFull }
        wake()
    }

    /// Hands waiting publications to `connection`, which queues them, but those that have expired by `now` (milliseconds of
    /// the monotonic clock). Sends nothing.
    public func forward(to connection: MQTTConnection, now: Int64) throws(MQTTError) {
        while let entry = next() {
            var publication = entry.publication
            if let deadline = publication.deadline {
                guard deadline > now else {
                    finish(entry, .failure(.timedOut("\(publication.topic): expired before it was sent")))
                    continue
                }
                publication.properties.expiry = UInt32(clamping: max(1, (deadline - now) / 1_000))
            }
            do {
                let id = try connection.publish(publication)
                state.withLock { $0.inFlight.append((id, entry)) }
            } catch .invalid(let what) {
                finish(entry, .failure(.invalid(what)))
            } catch {
                state.withLock { $0.putFirst([entry]) }
                throw error
            }
        }
    }

    /// The connection reported `published`.
    public func settle(_ id: Int32, _ reason: MQTTReason) {
        let entry: Submission? = state.withLock { state in
            state.inFlight.firstIndex { $0.id == id }.map { state.inFlight.remove(at: $0).entry }
        }
        if let entry { finish(entry, .success(reason)) }
    }

    /// The connection is gone: what it had not confirmed waits again, before the rest.
    public func connectionEnded() {
        state.withLock { state in
            state.putFirst(state.inFlight.map(\.entry))
            state.inFlight.removeAll()
        }
    }

    /// Takes no more and fails what was not confirmed with `error`.
    public func close(_ error: MQTTError) {
        let rest = state.withLock { state in
            defer { state = State(isClosed: true) }
            return state.inFlight.map(\.entry) + state.waiting.compactMap { $0 }
        }
        for entry in rest { entry.completion?(.failure(error)) }
    }

    private func next() -> Submission? {
        state.withLock { state in
            state.inFlight.count < Self.inFlightMax ? state.takeFirst() : nil
        }
    }

    private func finish(_ entry: Submission, _ result: Result<MQTTReason, MQTTError>) {
        state.withLock { $0.byteCount -= entry.publication.payload.count }
        entry.completion?(result)
    }
}
