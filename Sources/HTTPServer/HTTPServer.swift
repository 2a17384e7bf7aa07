internal import Synchronization

/// An HTTP/1.1 server: libwebsockets moves the bytes (sockets, TLS, timers) on one thread of its own, requests are handled
/// in tasks.
///
/// libwebsockets' own HTTP parser is not used: it knows a fixed set of methods and headers, decodes no chunked bodies and
/// cannot answer 413 or 431 (docs/decisions). The bytes go through `RequestReader` instead.
public final class HTTPServer: Sendable {
    private enum State {
        case fresh
        case listening([Listener])
        case running
        case ended
    }

    private let configuration: Configuration
    private let handler: @Sendable (HTTPRequest) async -> HTTPResponse
    private let doorbell = Doorbell()
    private let state = Mutex<State>(.fresh)
    private let ports = Mutex<[UInt16]>([])

    /// A server that gives every request to `handler`, each in a task of its own, on threads of the server's: a handler
    /// may block for a moment. The task is cancelled when the client
    /// leaves; a client that shuts down its sending half and waits longer than a second counts as gone.
    public init(_ configuration: Configuration, handler: @escaping @Sendable (HTTPRequest) async -> HTTPResponse) {
        self.configuration = configuration
        self.handler = handler
    }

    deinit {
        if case .listening(let listeners) = state.withLock({ $0 }) { listeners.forEach { $0.close() } }
    }

    /// Takes the ports and socket files, so that clients queue from now on; `run()` does it if this was not called.
    ///
    /// Throws `portInUse`, `socketInUse` or `cannotListen`, and then holds nothing.
    public func listen() throws(HTTPServerError) {
        guard case .fresh = state.withLock({ $0 }) else { return }
        var listeners: [Listener] = []
        do throws(HTTPServerError) {
            for endpoint in configuration.listen { listeners += try Listener.open(endpoint) }
        } catch {
            listeners.forEach { $0.close() }
            throw error
        }
        ports.withLock { $0 = listeners.compactMap(\.port) }
        state.withLock { $0 = .listening(listeners) }
    }

    /// The TCP ports taken by `listen()`, in the order of the configuration; one for each address of an endpoint.
    public var boundPorts: [UInt16] { ports.withLock { $0 } }

    /// Serves until the task is cancelled, then lets requests finish within `stopGrace`, cancels the rest and returns
    /// within `stopLimit`. Runs once.
    ///
    /// Throws what `listen()` throws, `certificateUnusable` or `libraryFailed`. Cancellation is the ordinary end.
    public func run() async throws {
        try listen()
        let listeners: [Listener] = try state.withLock { state throws(HTTPServerError) in
            guard case .listening(let listeners) = state else { throw .alreadyRun }
            state = .running
            return listeners
        }
        defer { state.withLock { $0 = .ended } }
        let service = Service(configuration: configuration, doorbell: doorbell, handler: handler, listeners: listeners)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                ServiceThread.start(service) { continuation.resume(returning: $0) }
            }
        } onCancel: {
            doorbell.requestStop()
        }
        try result.get()
    }
}
