internal import CWebSockets

/// The libwebsockets context, its listeners and its connections. Everything here happens on one thread.
final class ServiceLoop {
    /// The configured limits in microseconds.
    struct Limits {
        var header, body, idle, send, leave, stopGrace, stop: Int64
    }

    let configuration: HTTPServer.Configuration
    let doorbell: Doorbell
    let handler: @Sendable (HTTPRequest) async -> HTTPResponse
    let limits: Limits
    /// 64 KiB through which every answer goes: small pieces leave together, large ones in few system calls.
    let sendBuffer: UnsafeMutableRawBufferPointer
    let sendBytes: UnsafeMutablePointer<UInt8>
    /// Bytes of request bodies in memory.
    var bodyBytes = 0
    private(set) var connections: [UInt64: Connection] = [:]
    private(set) var isStopping = false
    private var library: Library?
    private var acceptors: [Acceptor] = []
    private var lastConnection = UInt64(0)
    private var requestCount = 0
    private var stopStart = Int64(0)
    private var hasCancelled = false
    private var isSweeping = false
    private var unixCount = 0

    init(_ service: Service) {
        configuration = service.configuration
        doorbell = service.doorbell
        handler = service.handler
        limits = Limits(service.configuration)
        sendBuffer = .allocate(byteCount: 64 * 1024, alignment: 16)
        guard let start = sendBuffer.bindMemory(to: UInt8.self).baseAddress else {
            preconditionFailure("a buffer that was just allocated is not empty")
        }
        sendBytes = start
    }

    deinit { sendBuffer.deallocate() }

    /// Monotonic microseconds.
    var now: Int64 { lws_now_usecs() }

    /// Serves until the doorbell asks to stop and the connections have ended or the limit has passed.
    func run(_ listeners: [Listener]) -> Result<Void, HTTPServerError> {
        do throws(HTTPServerError) {
            let library = try Library(self)
            self.library = library
            acceptors = listeners.map { Acceptor($0, loop: self) }
            for acceptor in acceptors { try library.watch(acceptor) }
            doorbell.attach(library.context)
            if doorbell.mustStop { stop() }
            while !isFinished, library.service() {}
            doorbell.detach()
            listeners.forEach { $0.removeFile() }
            library.destroy()
            connections.values.forEach { $0.closed() }
            connections = [:]
            return isStopping ? .success(()) : .failure(.libraryFailed(reason: LibraryLog.lastLine))
        } catch {
            listeners.forEach { $0.close() }
            return .failure(error)
        }
    }

    func nextRequestID() -> String {
        requestCount += 1
        return "\(configuration.requestIDPrefix)-\(requestCount)"
    }

    /// The doorbell rang.
    func wake() {
        if doorbell.mustStop, !isStopping { stop() }
        for id in doorbell.takeWaiting() { connections[id]?.wake() }
    }

    // Connections

    /// Whether one more connection fits. At the limit the one that has been idle longest makes room: clients that keep
    /// connections for later must not keep others out.
    func makeRoom(unix: Bool) -> Bool {
        if (unix ? unixCount : connections.count - unixCount) < configuration.connectionLimit { return true }
        let idle = connections.values.filter { $0.peer.isUnix == unix && $0.idleSince != nil }
        guard let idlest = idle.min(by: { ($0.idleSince ?? 0) < ($1.idleSince ?? 0) }) else { return false }
        idlest.leave()
        return true
    }

    func add(_ descriptor: Int32, peer: HTTPPeer) {
        guard let library else { return }
        lastConnection += 1
        let isTLS = library.hasTLS && !peer.isUnix
        let connection = Connection(id: lastConnection, peer: peer, isTLS: isTLS, loop: self, now: now)
        connections[connection.id] = connection
        if peer.isUnix { unixCount += 1 }
        guard let socket = library.adopt(descriptor, connection) else { return remove(connection) }
        connection.socket = socket
        startSweeping()
    }

    func remove(_ connection: Connection) {
        connection.closed()
        guard connections.removeValue(forKey: connection.id) != nil else { return }
        if connection.peer.isUnix { unixCount -= 1 }
    }

    // Time

    func startSweeping() {
        guard !isSweeping, let library else { return }
        isSweeping = true
        library.startTimer(after: limits.sweepPeriod)
    }

    /// Looks at every connection a few times a second, and not at all while there is none.
    func sweep() {
        isSweeping = false
        let now = now
        if isStopping, !hasCancelled, now - stopStart > limits.stopGrace {
            hasCancelled = true
            connections.values.forEach { $0.cancelRequest() }
        }
        let all = Array(connections.values)
        Departures.close(all.filter { $0.isSilent(forLongerThan: 500_000, now: now) })
        all.forEach { $0.checkLimits(now: now) }
        acceptors.forEach { $0.resume() }
        if !connections.isEmpty || isStopping { startSweeping() }
    }

    // Stopping

    private func stop() {
        isStopping = true
        stopStart = now
        acceptors.forEach { $0.close() }
        connections.values.forEach { $0.closeIfIdle() }
        startSweeping()
    }

    private var isFinished: Bool { isStopping && (connections.isEmpty || now - stopStart > limits.stop) }
}
