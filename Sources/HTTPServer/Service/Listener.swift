internal import Glibc

/// A listening socket.
struct Listener: Sendable {
    let descriptor: Int32
    /// Nil for a Unix socket.
    let port: UInt16?
    /// The file of a Unix socket and its inode, so that only our own file is ever removed.
    private let file: (path: String, inode: UInt64)?

    var isUnix: Bool { file != nil }

    init(descriptor: Int32, port: UInt16) {
        self.descriptor = descriptor
        self.port = port
        file = nil
    }

    init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        port = nil
        var status = stat()
        file = (path, stat(path, &status) == 0 ? UInt64(status.st_ino) : 0)
    }

    /// The sockets of one endpoint: a host name may stand for several addresses.
    static func open(_ endpoint: HTTPServer.Endpoint) throws(HTTPServerError) -> [Listener] {
        switch endpoint {
        case .tcp(let host, let port): try openTCP(host: host, port: port)
        case .unix(let path, let mode, let group): [try openUnix(path: path, mode: mode, group: group)]
        }
    }

    /// Gives the port back at once.
    func close() {
        removeFile()
        _ = Glibc.close(descriptor)
    }

    /// Removes the socket file if it still is this listener's.
    func removeFile() {
        guard let file else { return }
        var status = stat()
        if stat(file.path, &status) == 0, UInt64(status.st_ino) == file.inode { _ = unlink(file.path) }
    }
}
