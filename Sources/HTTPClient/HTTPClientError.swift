internal import CCurl

/// Why no answer came. Whether the server has acted on the request is unknown for all but the first four.
public enum HTTPClientError: Error, Sendable, Equatable {
    /// The request cannot be sent at all: a URL, header or setting that is not valid.
    case badRequest(String)
    case couldNotResolve(String)
    /// Nobody listens there, or no connection came about in time.
    case refused(String)
    /// The peer's certificate, our certificate or the handshake.
    case tls(String)
    case timedOut(String)
    /// The connection broke before the answer was complete.
    case connectionLost(String)
    /// What came back is not HTTP.
    case notHTTP(String)
    /// The answer is larger than the limit; the number of bytes that is allowed.
    case tooLarge(limit: Int)
    /// The receiver of a streamed body asked to stop, or the multiplexer was closed.
    case interrupted
    /// More requests at once than the multiplexer was made for.
    case overloaded

    /// A stable name for logs, metrics and status.
    public var code: String {
        switch self {
        case .badRequest: "bad_request"
        case .couldNotResolve: "could_not_resolve"
        case .refused: "connection_refused"
        case .tls: "tls_failed"
        case .timedOut: "timed_out"
        case .connectionLost: "connection_lost"
        case .notHTTP: "not_http"
        case .tooLarge: "answer_too_large"
        case .interrupted: "interrupted"
        case .overloaded: "overloaded"
        }
    }

    /// One line for people.
    public var detail: String {
        switch self {
        case .badRequest(let text), .couldNotResolve(let text), .refused(let text), .tls(let text),
            .timedOut(let text), .connectionLost(let text), .notHTTP(let text):
            text
        case .tooLarge(let limit): "the answer is larger than \(limit) bytes"
        case .interrupted: "interrupted"
        case .overloaded: "too many requests at once"
        }
    }

    /// - Parameters:
    ///   - authority: whom the request was for, which libcurl does not name where TLS fails.
    ///   - wasConnected: whether the request could be sent: a time-out before that is the network's.
    init(_ code: CURLcode, _ text: String, authority: String, wasConnected: Bool) {
        let text = text.isEmpty ? String(cString: curl_easy_strerror(code)) : text
        self =
            switch code {
            case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .couldNotResolve(text)
            case CURLE_COULDNT_CONNECT, CURLE_INTERFACE_FAILED: .refused(text)
            case CURLE_OPERATION_TIMEDOUT: wasConnected ? .timedOut(text) : .refused(text)
            case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_SETFAILED, CURLE_SSL_CERTPROBLEM,
                CURLE_SSL_CIPHER, CURLE_PEER_FAILED_VERIFICATION, CURLE_USE_SSL_FAILED, CURLE_SSL_ENGINE_INITFAILED,
                CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CRL_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_PINNEDPUBKEYNOTMATCH,
                CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_CLIENTCERT:
                .tls(authority.isEmpty ? text : "\(authority): \(text)")
            case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_BAD_FUNCTION_ARGUMENT, CURLE_UNKNOWN_OPTION,
                CURLE_NOT_BUILT_IN:
                .badRequest(text)
            case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING, CURLE_HTTP2, CURLE_HTTP2_STREAM: .notHTTP(text)
            default: .connectionLost(text)
            }
    }
}
