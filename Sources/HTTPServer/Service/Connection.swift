internal import CWebSockets
internal import Glibc

/// One client's connection: reads requests, hands one at a time to a task and sends its answer. Lives on the service
/// thread.
final class Connection: SocketOwner {
    enum Phase {
        /// Waiting for a request or for the rest of one.
        case reading
        /// A task works on a request; nothing is read meanwhile, so that pipelined requests wait in the kernel.
        case answering(Exchange)
        /// Upgraded: frames go both ways.
        case webSocket(WebSocket)
        /// The last answer is being sent, or has been; what still comes in is thrown away, because closing with unread
        /// bytes would take the answer from the client.
        case leaving
    }

    let id: UInt64
    let peer: HTTPPeer
    let isTLS: Bool
    unowned let loop: ServiceLoop
    var socket: OpaquePointer?
    private(set) var phase = Phase.reading
    private var reader: RequestReader
    private var output = OutputQueue()
    /// Set when the pieces in `output` are the last of the answer.
    private var ending: Exchange.Ending?
    private(set) var phaseStart: Int64
    private var requestStart: Int64?
    private var bodyStart: Int64?
    private var lastProgress: Int64
    private var discarded = 0
    private var hasReceived = false
    private var heldBodyBytes = 0
    /// Of a WebSocket: its frames, when the peer was last heard and last asked whether it is there.
    var frames = WebSocketReader(messageLimit: 0)
    var lastHeard = Int64(0)
    var lastPing = Int64(0)

    init(id: UInt64, peer: HTTPPeer, isTLS: Bool, loop: ServiceLoop, now: Int64) {
        self.id = id
        self.peer = peer
        self.isTLS = isTLS
        self.loop = loop
        reader = RequestReader(headerLimit: loop.configuration.headerLimit, bodyLimit: loop.configuration.bodyLimit)
        phaseStart = now
        lastProgress = now
    }

    /// Bytes have come.
    override func receive(_ bytes: UnsafeRawBufferPointer) {
        if case .leaving = phase {
            discarded += bytes.count
            if discarded > 1024 * 1024 { close() }
            return
        }
        if !hasReceived, let socket {
            hasReceived = true
            // The library goes on timing the TLS handshake when it is over; from here on the limits are ours.
            cws_no_timeout(socket)
        }
        if case .webSocket(let socket) = phase { return receive(bytes, for: socket) }
        reader.append(bytes)
        if case .reading = phase { advance() }
    }

    /// The connection is gone: the task of a request is cancelled.
    func closed() {
        socket = nil
        switch phase {
        case .answering(let exchange): exchange.peerIsGone()
        case .webSocket(let socket): socket.ended()
        case .reading, .leaving: break
        }
        phase = .leaving
        output.removeAll()
        holdBodyBytes(0)
    }

    override func socketClosed() { loop.remove(self) }

    private func advance() {
        while true {
            switch reader.step() {
            case .needsBytes:
                noteProgress()
                holdBodyBytes(reader.bodyBytes)
                if loop.bodyBytes > loop.configuration.bodyLimitTotal { return refuse(.bodiesFull) }
                setReading(true)
                return
            case .sendContinue:
                output.append([.plain(Self.continueLine)])
                flush()
                if socket == nil { return }
            case .request(let head, let body):
                begin(head, body)
                return
            case .refused(let refusal):
                refuse(refusal)
                return
            }
        }
    }

    private func noteProgress() {
        let now = loop.now
        switch reader.progress {
        case .idle:
            requestStart = nil
            bodyStart = nil
        case .inHead: requestStart = requestStart ?? now
        case .inBody: bodyStart = bodyStart ?? now
        }
    }

    private func begin(_ head: RequestHead, _ body: [UInt8]) {
        holdBodyBytes(body.count)
        setReading(false)
        let request = HTTPRequest(
            method: head.method, path: head.target.path, segments: head.target.segments, rawTarget: head.rawTarget,
            query: head.target.query, headers: head.headers, body: body, peer: peer, isTLS: isTLS,
            id: loop.nextRequestID())
        let wire = Exchange.Wire(
            isHead: head.method == "HEAD", isHTTP10: head.isHTTP10, keepsAlive: head.keepsAlive && !loop.isStopping)
        let exchange = Exchange(connection: id, wire: wire, doorbell: loop.doorbell)
        enter(.answering(exchange))
        let handler = loop.handler
        exchange.attach(
            Task(executorPreference: RequestThreads.shared) { await exchange.answer(handler(request)) })
    }

    private func refuse(_ refusal: Refusal) {
        output.append([.plain(refusal.answer(requestID: loop.nextRequestID()))])
        ending = .complete(keepsAlive: false)
        enter(.leaving)
        setReading(true)
        flush()
    }

    func enter(_ next: Phase) {
        phase = next
        phaseStart = loop.now
        lastProgress = phaseStart
        requestStart = nil
        bodyStart = nil
    }

    /// Sends what is there until the socket takes no more.
    override func flush() {
        guard let socket else { return }
        var sentNow = 0
        while true {
            if lws_partial_buffered(socket) != 0 { return waitForRoom(socket) }
            if output.isEmpty { collect() }
            let (written, payload) = output.fill(loop.sendBuffer)
            if written == 0 { return finishAnswer() }
            guard cws_write(socket, loop.sendBytes, written) >= 0 else { return close() }
            lastProgress = loop.now
            switch phase {
            case .answering(let exchange): exchange.sent(payload)
            case .webSocket(let socket): socket.sent(payload)
            case .reading, .leaving: break
            }
            sentNow += written
            // Others shall have their turn while a fast reader is served.
            if sentNow >= 512 * 1024 { return waitForRoom(socket) }
        }
    }

    /// The doorbell rang: there is something to send, or room for what waits to be read.
    func wake() {
        if case .webSocket(let socket) = phase { readFrames(socket) }
        flush()
    }

    private func waitForRoom(_ socket: OpaquePointer) { _ = lws_callback_on_writable(socket) }

    private func collect() {
        if case .webSocket(let socket) = phase { return output.append(socket.takeOutput()) }
        guard case .answering(let exchange) = phase, ending == nil else { return }
        let taken = exchange.take()
        output.append(taken.pieces)
        ending = taken.ending
    }

    private func finishAnswer() {
        if case .webSocket(let socket) = phase, socket.hasTakenLeave {
            socket.ended()
            ending = .complete(keepsAlive: false)
        }
        guard let ending else { return }
        self.ending = nil
        holdBodyBytes(0)
        switch ending {
        case .aborted: close()
        case .upgraded(let socket): upgrade(to: socket)
        case .complete(let keepsAlive) where keepsAlive && !loop.isStopping:
            enter(.reading)
            advance()
        case .complete:
            enter(.leaving)
            setReading(true)
            // A half-close tells the client that this was all; TLS says so in the answer's own framing.
            if let socket, !isTLS { _ = shutdown(lws_get_socket_fd(socket), Int32(SHUT_WR)) }
        }
    }

    private func holdBodyBytes(_ count: Int) {
        loop.bodyBytes += count - heldBodyBytes
        heldBodyBytes = count
    }

    func setReading(_ isOn: Bool) {
        if let socket { cws_read(socket, isOn ? 1 : 0) }
    }

    func close() {
        if let socket { cws_close_soon(socket) }
    }

    /// Closes for another one to come: counts as gone from here on.
    func leave() {
        if let socket {
            // The library still has the socket for a moment, and this object may not live so long.
            lws_set_opaque_user_data(socket, nil)
            cws_close_soon(socket)
        }
        loop.remove(self)
    }

    /// The server stops: who waits for nothing leaves now.
    func closeIfIdle() {
        if idleSince != nil { close() }
        if case .webSocket(let socket) = phase { socket.close(.goingAway) }
    }

    /// What has come behind the request at hand.
    func takeUnread() -> [UInt8] { reader.takeUnread() }

    /// Asks the handler of the request at hand to come to an end.
    func cancelRequest() {
        if case .answering(let exchange) = phase { exchange.cancelTask() }
    }

    /// Whether a request is worked on and nothing was sent for so long: only then must one look whether the client is
    /// still there, since sending finds out by itself.
    func isSilent(forLongerThan microseconds: Int64, now: Int64) -> Bool {
        if case .answering = phase { return !isSending && now - lastProgress > microseconds }
        return false
    }

    /// Since when no request has come; nil while there is one.
    var idleSince: Int64? {
        if case .reading = phase, reader.progress == .idle { return phaseStart }
        return nil
    }

    private static let continueLine = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    /// Closes the connection if it has overstayed one of the limits.
    func checkLimits(now: Int64) {
        let limits = loop.limits
        switch phase {
        case .reading:
            if let bodyStart {
                let allowance = Int64(reader.bodyBytes / 4096) * 1_000_000
                if now - bodyStart > limits.body + allowance { refuse(.timedOut) }
            } else if let requestStart {
                if now - requestStart > limits.header { refuse(.timedOut) }
            } else if now - phaseStart > limits.idle {
                close()
            }
        case .answering:
            if isSending, now - lastProgress > limits.send { close() }
        case .webSocket(let socket):
            if isSending, now - lastProgress > limits.send { close() }
            checkLimits(of: socket, now: now)
        case .leaving:
            if now - lastProgress > limits.leave { close() }
        }
    }

    private var isSending: Bool { !output.isEmpty || socket.map { lws_partial_buffered($0) != 0 } ?? false }
}
