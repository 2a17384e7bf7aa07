internal import CWebSockets
internal import Glibc

/// Accepts the connections of one listener. Lives on the service thread.
final class Acceptor: SocketOwner {
    let listener: Listener
    private unowned let loop: ServiceLoop
    var watch: OpaquePointer?
    private var isPaused = false

    init(_ listener: Listener, loop: ServiceLoop) {
        self.listener = listener
        self.loop = loop
    }

    /// Takes what is queued, up to a bound so that a flood of connections does not starve the others.
    override func accept() {
        for _ in 0..<32 {
            var storage = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let descriptor = SocketAddress.withPointer(to: &storage) { cws_accept(listener.descriptor, $0, &length) }
            if descriptor < 0 {
                if errno == ECONNABORTED || errno == EINTR { continue }
                // Out of descriptors or memory: the queue stays readable, so look away until the next sweep.
                if errno != EAGAIN { pause() }
                return
            }
            receive(descriptor, storage, length)
        }
    }

    override func socketClosed() { watch = nil }

    private func receive(_ descriptor: Int32, _ storage: sockaddr_storage, _ length: socklen_t) {
        let peer = listener.isUnix ? SocketAddress.unixPeer(descriptor) : SocketAddress.tcpPeer(storage, length)
        guard let peer, loop.makeRoom(unix: listener.isUnix) else {
            turnAway(descriptor)
            return
        }
        if !listener.isUnix { _ = cws_no_delay(descriptor) }
        loop.add(descriptor, peer: peer)
    }

    private func turnAway(_ descriptor: Int32) {
        if loop.configuration.tls == nil || listener.isUnix {
            let answer = Refusal.connectionsFull.answer(requestID: loop.nextRequestID())
            answer.withUnsafeBytes { cws_say(descriptor, $0.baseAddress, $0.count) }
            _ = shutdown(descriptor, Int32(SHUT_WR))
            // What the client has sent already would turn the close into a reset that takes the answer away.
            var unread = [UInt8](repeating: 0, count: 4096)
            _ = recv(descriptor, &unread, unread.count, 0)
        }
        _ = Glibc.close(descriptor)
    }

    private func pause() {
        guard let watch, !isPaused else { return }
        isPaused = true
        cws_read(watch, 0)
        loop.startSweeping()
    }

    func resume() {
        guard let watch, isPaused else { return }
        isPaused = false
        cws_read(watch, 1)
    }

    /// Stops accepting and gives the port back.
    func close() {
        listener.removeFile()
        if let watch { cws_close_now(watch) }
    }
}
