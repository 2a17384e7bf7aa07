/// The answer to one request. Length, transfer encoding and connection fields are the server's own business: those given
/// in `headers` are ignored, and control characters in values are replaced by spaces.
public struct HTTPResponse: Sendable {
    /// Bytes that are there, or that are made while they are sent.
    public enum Body: Sendable {
        case bytes([UInt8])
        /// Called once, after the head has been queued; what it writes is sent as it comes, until it returns. If it
        /// throws, the connection is cut so that the client sees an incomplete answer. Not called for HEAD.
        case stream(@Sendable (ResponseStream) async throws -> Void)
        /// Frames both ways from here on; made by `webSocket(_:answering:)` alone.
        case webSocket(WebSocket)
    }

    /// 200 to 599; 101 for a WebSocket.
    public var status: Int
    public var headers: HTTPHeaders
    public var body: Body

    public init(status: Int = 200, headers: HTTPHeaders = [:], body: Body = .bytes([])) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A complete answer of one content type.
    public init(status: Int = 200, contentType: String, _ bytes: [UInt8]) {
        self.init(status: status, headers: ["Content-Type": contentType], body: .bytes(bytes))
    }

    /// A complete answer of text.
    public init(status: Int = 200, contentType: String = "text/plain; charset=utf-8", _ text: String) {
        self.init(status: status, contentType: contentType, Array(text.utf8))
    }
}
