/// One request, complete with its body, whose framing and target have been checked.
public struct HTTPRequest: Sendable {
    /// One `name=value` of the query string, decoded.
    public struct QueryItem: Sendable, Equatable {
        public var name: String
        public var value: String

        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// As sent: `GET`, `POST` … any token of up to 32 characters.
    public var method: String
    /// Percent-decoded, starting with `/`, without query and never with a `..` segment; `*` for `OPTIONS *`.
    public var path: String
    /// The segments of the path, each decoded by itself, so that an encoded `/` does not separate: `/a/b%2Fc` is `a`, `b/c`.
    public var segments: [String]
    /// The target as sent.
    public var rawTarget: String
    public var query: [QueryItem]
    public var headers: HTTPHeaders
    public var body: [UInt8]
    public var peer: HTTPPeer
    public var isTLS: Bool
    /// Names this request in logs and in error answers.
    public var id: String

    public init(
        method: String, path: String, segments: [String], rawTarget: String, query: [QueryItem] = [],
        headers: HTTPHeaders = [:], body: [UInt8] = [], peer: HTTPPeer, isTLS: Bool = false, id: String
    ) {
        self.method = method
        self.path = path
        self.segments = segments
        self.rawTarget = rawTarget
        self.query = query
        self.headers = headers
        self.body = body
        self.peer = peer
        self.isTLS = isTLS
        self.id = id
    }

    /// A request for `target` as if it had been received, for tests and for callers inside the process.
    /// Nil if the target is not one.
    public init?(
        _ method: String, _ target: String, headers: HTTPHeaders = [:], body: [UInt8] = [],
        peer: HTTPPeer = .tcp(address: "127.0.0.1", isLoopback: true), isTLS: Bool = false, id: String = "local"
    ) {
        // Why it is wrong interests nobody.
        guard let parsed = try? RequestTarget(Array(target.utf8)) else { return nil }
        self.init(
            method: method, path: parsed.path, segments: parsed.segments, rawTarget: target, query: parsed.query,
            headers: headers, body: body, peer: peer, isTLS: isTLS, id: id)
    }

    /// The first value of the query parameter `name`, or nil.
    public func queryValue(_ name: String) -> String? { query.first { $0.name == name }?.value }
}
