/// What can go wrong with the server itself; what is wrong with a request is answered to its client.
public enum HTTPServerError: Error, Sendable, Equatable, CustomStringConvertible {
    case portInUse(host: String, port: UInt16)
    /// Another living process listens on this socket file.
    case socketInUse(path: String)
    case cannotListen(endpoint: String, reason: String)
    case certificateUnusable(file: String, reason: String)
    /// libwebsockets could not start; its last error line says why.
    case libraryFailed(reason: String)
    /// `run()` was called a second time.
    case alreadyRun
    /// The client of a streamed answer has left.
    case peerGone

    /// Stable, for people and programs.
    public var code: String {
        switch self {
        case .portInUse: "port_in_use"
        case .socketInUse: "socket_in_use"
        case .cannotListen: "cannot_listen"
        case .certificateUnusable: "certificate_unusable"
        case .libraryFailed: "http_library_failed"
        case .alreadyRun: "already_run"
        case .peerGone: "peer_gone"
        }
    }

    public var description: String {
        switch self {
        case .portInUse(let host, let port): "port \(port) of \(host) is in use by another program"
        case .socketInUse(let path): "another process listens on \(path)"
        case .cannotListen(let endpoint, let reason): "cannot listen on \(endpoint): \(reason)"
        case .certificateUnusable(let file, let reason): "\(file) cannot be used for TLS: \(reason)"
        case .libraryFailed(let reason): "libwebsockets did not start: \(reason)"
        case .alreadyRun: "an HTTP server runs once"
        case .peerGone: "the client has left"
        }
    }
}
