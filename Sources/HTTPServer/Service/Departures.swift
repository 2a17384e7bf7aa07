internal import CWebSockets
internal import Glibc

/// Finds out which clients have left while their request is worked on: nothing is read from them meanwhile, so the end of
/// their stream would go unnoticed.
enum Departures {
    static func close(_ connections: [Connection]) {
        guard !connections.isEmpty else { return }
        var polled = connections.map { connection in
            let descriptor = connection.socket.map { lws_get_socket_fd($0) } ?? -1
            return pollfd(fd: descriptor, events: cws_poll_hangup(), revents: 0)
        }
        guard poll(&polled, nfds_t(polled.count), 0) > 0 else { return }
        let gone = cws_poll_hangup() | Int16(POLLHUP) | Int16(POLLERR)
        for (entry, connection) in zip(polled, connections) where entry.revents & gone != 0 { connection.close() }
    }
}
