/// What libwebsockets' callbacks are about: a connection or a listening socket.
class SocketOwner {
    /// A listening socket has connections waiting.
    func accept() {}

    func receive(_ bytes: UnsafeRawBufferPointer) {}

    /// The socket takes bytes again.
    func flush() {}

    /// The socket no longer exists. May be told twice.
    func socketClosed() {}
}
