internal import Synchronization

/// One request being answered: the place where the handler's task and the service thread meet.
final class Exchange: Sendable {
    /// How the answer is put on the wire.
    struct Wire: Sendable {
        var isHead: Bool
        var isHTTP10: Bool
        var keepsAlive: Bool
    }

    /// What the service thread finds to send.
    struct Taken {
        var pieces: [Piece]
        var ending: Ending?
    }

    enum Ending {
        case complete(keepsAlive: Bool)
        /// The answer cannot be completed: the connection must be cut.
        case aborted
        /// The connection goes on as a WebSocket.
        case upgraded(WebSocket)
    }

    private struct State {
        var pieces: [Piece] = []
        var unsent = 0
        var ending: Ending?
        var isPeerGone = false
        var keepsAlive: Bool
        var writer: CheckedContinuation<Void, any Error>?
        var task: Task<Void, Never>?
    }

    let wire: Wire
    private let connection: UInt64
    private let doorbell: Doorbell
    private let state: Mutex<State>

    init(connection: UInt64, wire: Wire, doorbell: Doorbell) {
        self.connection = connection
        self.wire = wire
        self.doorbell = doorbell
        state = Mutex(State(keepsAlive: wire.keepsAlive))
    }

    /// Queues a whole answer, or its head and then what its stream writes.
    func answer(_ response: HTTPResponse) async {
        let head = ResponseHead(response, wire)
        if !head.keepsAlive { state.withLock { $0.keepsAlive = false } }
        switch response.body {
        case .bytes(let bytes):
            let sends = head.sendsBody
            if sends && bytes.count > 16 * 1024 {
                queue([.plain(head.bytes), .plain(bytes)], ending: .complete(keepsAlive: head.keepsAlive))
            } else {
                queue([.plain(sends ? head.bytes + bytes : head.bytes)], ending: .complete(keepsAlive: head.keepsAlive))
            }
        case .webSocket(let socket): queue([.plain(head.bytes)], ending: .upgraded(socket))
        case .stream(let body):
            queue([.plain(head.bytes)], ending: head.sendsBody ? nil : .complete(keepsAlive: head.keepsAlive))
            guard head.sendsBody else { return }
            await stream(body, isChunked: head.isChunked, keepsAlive: head.keepsAlive)
        }
    }

    private func stream(
        _ body: @Sendable (ResponseStream) async throws -> Void, isChunked: Bool, keepsAlive: Bool
    ) async {
        do {
            try await body(
                ResponseStream { bytes in
                    guard !bytes.isEmpty else { return }
                    try await self.write(isChunked ? .chunk(bytes) : .plain(bytes))
                })
            queue(isChunked ? [.lastChunk] : [], ending: .complete(keepsAlive: keepsAlive))
        } catch {
            // The reason is the body's own business; the client learns from the missing end that the answer is cut.
            queue([], ending: .aborted)
        }
    }

    private func write(_ piece: Piece) async throws {
        try Task.checkCancellation()
        queue([piece], ending: nil)
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome: Result<Void, any Error>? = state.withLock { state in
                    if state.isPeerGone || state.ending != nil { return .failure(HTTPServerError.peerGone) }
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if state.unsent <= ResponseStream.unsentBytesMax { return .success(()) }
                    // Two writers at once: the first has waited long enough.
                    state.writer?.resume()
                    state.writer = continuation
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            state.withLock { Self.release(&$0, throwing: CancellationError()) }
        }
    }

    private func queue(_ pieces: [Piece], ending: Ending?) {
        state.withLock { state in
            guard !state.isPeerGone, state.ending == nil else { return }
            for piece in pieces { state.unsent += piece.count }
            state.pieces += pieces
            state.ending = ending
        }
        doorbell.ring(connection)
    }

    // What follows is the service thread's side.

    /// The task to cancel when the client leaves; cancelled at once if it has left already.
    func attach(_ task: Task<Void, Never>) {
        let isPeerGone = state.withLock { state in
            state.task = task
            return state.isPeerGone
        }
        if isPeerGone { task.cancel() }
    }

    func take() -> Taken {
        state.withLock { state in
            let taken = Taken(pieces: state.pieces, ending: state.ending)
            state.pieces = []
            return taken
        }
    }

    /// The network has taken this many bytes: a waiting writer goes on when half of the bound is free.
    func sent(_ count: Int) {
        state.withLock { state in
            state.unsent -= count
            if state.unsent <= ResponseStream.unsentBytesMax / 2 { Self.release(&state, throwing: nil) }
        }
    }

    func peerIsGone() {
        let task = state.withLock { state in
            state.isPeerGone = true
            state.pieces = []
            Self.release(&state, throwing: HTTPServerError.peerGone)
            return state.task
        }
        task?.cancel()
    }

    /// Asks the handler to come to an end while its answer is still wanted.
    func cancelTask() { state.withLock { $0.task }?.cancel() }

    private static func release(_ state: inout State, throwing error: (any Error)?) {
        guard let writer = state.writer else { return }
        state.writer = nil
        if let error { writer.resume(throwing: error) } else { writer.resume() }
    }
}
