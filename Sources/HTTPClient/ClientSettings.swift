/// How connections are made and what bounds an exchange. Every limit is a limit on one request.
public struct ClientSettings: Sendable, Equatable {
    /// Trust in the peer of an `https:` URL. Verification cannot be switched off.
    public struct TLS: Sendable, Equatable {
        /// PEM file of the authorities to trust in place of the system's.
        public var authorityFile: String?
        /// PEM files of our own certificate and its key.
        public var certificateFile: String?
        public var keyFile: String?

        public init(authorityFile: String? = nil, certificateFile: String? = nil, keyFile: String? = nil) {
            self.authorityFile = authorityFile
            self.certificateFile = certificateFile
            self.keyFile = keyFile
        }
    }

    /// How long the connection, and how long everything may take.
    public var connectTimeout: Duration = .seconds(10)
    public var totalTimeout: Duration = .seconds(30)
    /// A transfer slower than one byte a second for this long is given up; nil: only `totalTimeout` counts.
    public var stallTimeout: Duration? = .seconds(20)
    /// The largest body of an answer that is accepted, after decompression.
    public var answerByteCountMax = 1 << 20
    /// Connections kept open between requests; also the most to one host.
    public var connectionsMax = 8
    public var tls = TLS()
    /// `http://host:port`, `socks5h://…`; nil means none. The environment is not consulted.
    public var proxy: String?
    /// Connects to this Unix socket whatever the host of the URL is.
    public var unixSocketPath: String?
    public var userAgent = "mycogate"
    /// Whether answers may come compressed; not worth its time for short ones.
    public var acceptsCompression = true

    public init() {}
}

extension Duration {
    /// Whole milliseconds, at least 1, at most some 24 days: what libcurl takes.
    var clampedMilliseconds: Int {
        let (seconds, attoseconds) = components
        if seconds >= 2_000_000 { return 2_000_000_000 }
        if seconds < 0 { return 1 }
        return max(1, Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000))
    }
}
