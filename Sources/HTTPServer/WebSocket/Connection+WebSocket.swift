/// A connection after its upgrade.
extension Connection {
    /// The handshake has been answered: from here on there are frames.
    func upgrade(to socket: WebSocket) {
        enter(.webSocket(socket))
        lastHeard = loop.now
        frames = WebSocketReader(messageLimit: socket.messageLimit)
        frames.append(takeUnread())
        socket.attach(id, loop.doorbell)
        if loop.isStopping { socket.close(.goingAway) }
        readFrames(socket)
    }

    func receive(_ bytes: UnsafeRawBufferPointer, for socket: WebSocket) {
        lastHeard = loop.now
        // After goodbye nothing counts but the end of the connection.
        guard !socket.isClosing else { return }
        frames.append(bytes)
        readFrames(socket)
    }

    /// Hands over what is complete, until nobody takes it any more: then the peer waits.
    func readFrames(_ socket: WebSocket) {
        while !socket.isClosing {
            guard socket.hasRoom() else { return setReading(false) }
            switch frames.step() {
            case .needsBytes: return setReading(true)
            case .message(let message): socket.deliver(message)
            case .ping(let payload): socket.queue(.pong, payload)
            case .pong: break
            case .close(let code), .failed(let code): socket.close(code)
            }
        }
        setReading(true)
    }

    /// A peer that is silent is asked for a sign of life, and given up when none comes.
    func checkLimits(of socket: WebSocket, now: Int64) {
        // One that is not read from cannot be heard.
        if !socket.hasRoom() { lastHeard = now }
        let silence = now - lastHeard
        if silence > loop.limits.idle { return close() }
        if silence > loop.limits.idle / 2, now - lastPing > loop.limits.idle / 2 {
            lastPing = now
            socket.queue(.ping, [])
        }
    }
}
