internal import EventLoop
internal import Glibc
internal import MQTT

extension MQTTConnection {
    /// Sleeps until the broker has sent something, the socket takes more of what is to be sent, `stop` is woken, or the time
    /// is up.
    ///
    /// - Parameter sending: whether what is queued may leave.
    func wait(with stop: StopFlag, sending: Bool, milliseconds: Int32) {
        let events = Int16(POLLIN) | (sending && wantsWrite ? Int16(POLLOUT) : 0)
        var entries = [
            pollfd(fd: fileDescriptor, events: events, revents: 0),
            pollfd(fd: stop.wakeup.fileDescriptor, events: Int16(POLLIN), revents: 0),
        ]
        guard poll(&entries, 2, milliseconds) > 0 else { return }
        if entries[1].revents != 0 { stop.wakeup.drain() }
    }
}
