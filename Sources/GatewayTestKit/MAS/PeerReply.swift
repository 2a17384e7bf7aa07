/// What a stand-in peer answers, and how well it behaves in doing so.
struct PeerReply {
    enum Manner: Equatable {
        case whole
        /// Half of the body is sent, then the connection is closed.
        case half
        /// Nothing is sent and the connection is closed.
        case unanswered
        /// Nothing is ever sent; the connection stays open.
        case never
        /// Sent only after this many milliseconds.
        case late(milliseconds: Int64)
        /// A few bytes at a time, this many milliseconds apart.
        case dribbled(milliseconds: Int64)
        /// Not HTTP at all.
        case garbage
        /// An endless body: whatever the feed is given.
        case stream(PeerFeed)
    }

    var status: Int
    var headers = ""
    var body: [UInt8]
    var manner = Manner.whole

    init(_ status: Int, _ body: String) {
        self.status = status
        self.body = Array(body.utf8)
    }

    init(_ status: Int, body: [UInt8]) {
        self.status = status
        self.body = body
    }

    /// No proper answer at all.
    init(unanswered manner: Manner) {
        status = 0
        body = []
        self.manner = manner
    }

    /// The bytes on the wire, appended to `output`.
    func write(to output: inout [UInt8], closes: Bool) {
        if manner == .garbage {
            output.append(contentsOf: "\u{1}\u{2}SSH-2.0-OpenSSH_9.2\r\n\r\n".utf8)
            return
        }
        output.append(contentsOf: "HTTP/1.1 ".utf8)
        output.append(contentsOf: String(status).utf8)
        output.append(contentsOf: " \(Self.phrase(status))\r\nserver: uvicorn\r\n".utf8)
        if case .stream = manner {
        } else {
            output.append(contentsOf: "content-length: ".utf8)
            output.append(contentsOf: String(body.count).utf8)
            output.append(contentsOf: "\r\n".utf8)
        }
        if !headers.hasPrefix("content-type") { output.append(contentsOf: "content-type: application/json\r\n".utf8) }
        if closes { output.append(contentsOf: "connection: close\r\n".utf8) }
        output.append(contentsOf: headers.utf8)
        output.append(contentsOf: "\r\n".utf8)
        output.append(contentsOf: manner == .half ? body[..<(body.count / 2)] : body[...])
    }

    private static func phrase(_ status: Int) -> StaticString {
        switch status {
        case 200: "OK"
        case 302: "Found"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 422: "Unprocessable Entity"
        case 429: "Too Many Requests"
        default: "Status"
        }
    }
}
