import HTTPServer
import Synchronization
import Testing

/// A server on a free loopback port for the length of `body`; it must end cleanly afterwards.
func withServer(
    _ adjust: (inout HTTPServer.Configuration) -> Void = { _ in },
    handler: @escaping @Sendable (HTTPRequest) async -> HTTPResponse = { answer($0) },
    _ body: @escaping @Sendable (UInt16) async throws -> Void
) async throws {
    var configuration = HTTPServer.Configuration(listen: [.tcp(host: "127.0.0.1", port: 0)])
    configuration.stopGrace = .milliseconds(100)
    configuration.stopLimit = .seconds(2)
    adjust(&configuration)
    let server = HTTPServer(configuration, handler: handler)
    try server.listen()
    let port = try #require(server.boundPorts.first)
    let task = Task { try await server.run() }
    do {
        try await onOwnThread { try await body(port) }
    } catch {
        task.cancel()
        throw error
    }
    task.cancel()
    try await task.value
}

/// Says what was understood.
func answer(_ request: HTTPRequest) -> HTTPResponse {
    HTTPResponse("\(request.method) \(request.path) body=\(request.body.count)\n")
}

/// A flag that a task raises and a test waits for.
final class Signal: Sendable {
    private struct State {
        var isRaised = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func raise() {
        let waiters = state.withLock { state in
            state.isRaised = true
            defer { state.waiters = [] }
            return state.waiters
        }
        waiters.forEach { $0.resume() }
    }

    var isRaised: Bool { state.withLock { $0.isRaised } }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isRaised = state.withLock { state in
                if !state.isRaised { state.waiters.append(continuation) }
                return state.isRaised
            }
            if isRaised { continuation.resume() }
        }
    }
}
