extension HTTPServer {
    /// Where to listen.
    public enum Endpoint: Sendable, Equatable, CustomStringConvertible {
        /// A numeric address or a name of this machine; port 0 takes a free one.
        case tcp(host: String, port: UInt16)
        /// A socket file with these permission bits, given to `group` if one is named. A stale file is replaced.
        case unix(path: String, mode: UInt32, group: String?)

        public var description: String {
            switch self {
            case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
            case .unix(let path, _, _): "unix:\(path)"
            }
        }
    }

    /// PEM files for TLS on every TCP endpoint; Unix sockets stay plain.
    public struct TLSFiles: Sendable, Equatable {
        public var certificateChain: String
        public var privateKey: String

        public init(certificateChain: String, privateKey: String) {
            self.certificateChain = certificateChain
            self.privateKey = privateKey
        }
    }

    /// The bounds of a server. Every wait and every buffer has one.
    public struct Configuration: Sendable {
        public var listen: [Endpoint]
        public var tls: TLSFiles?
        /// From the first byte of a request to the end of its head, however slowly it dribbles.
        public var headerTimeout: Duration = .seconds(10)
        /// A connection without a request, and a TLS handshake.
        public var idleTimeout: Duration = .seconds(60)
        /// For a body, on top of one second for each 4 KiB of it received.
        public var bodyTimeout: Duration = .seconds(20)
        /// A client that takes nothing of its answer for so long is cut off.
        public var sendTimeout: Duration = .seconds(30)
        /// Request line and header fields together, in bytes; more is answered 431.
        public var headerLimit = 16 * 1024
        /// Bytes of one body; more is answered 413.
        public var bodyLimit = 1024 * 1024
        /// Bytes of all bodies being received or worked on; a request beyond is answered 503.
        public var bodyLimitTotal = 16 * 1024 * 1024
        /// TCP connections; one more is answered 503. Unix sockets have as many of their own, so that the local
        /// operator is never locked out.
        public var connectionLimit = 256
        /// On stop: how long requests may finish undisturbed, then how long altogether.
        public var stopGrace: Duration = .seconds(1)
        public var stopLimit: Duration = .seconds(5)
        /// Request ids are this and a count; a random text for each start keeps them distinct.
        public var requestIDPrefix = "req"
        /// Error lines of libwebsockets, one at a time, from its thread. The library has one log for all servers of a
        /// process: the latest given here gets them.
        public var onLibraryError: (@Sendable (String) -> Void)?

        public init(listen: [Endpoint], tls: TLSFiles? = nil) {
            self.listen = listen
            self.tls = tls
        }
    }
}
