/// Why the server itself turns a request away before any handler sees it. The connection is closed afterwards, since
/// nobody can tell where the next request would start.
struct Refusal: Error, Equatable {
    var status: Int
    /// Stable, for programs.
    var code: String
    /// For people; plain ASCII without quotes or backslashes.
    var detail: String

    init(_ status: Int, _ code: String, _ detail: String) {
        self.status = status
        self.code = code
        self.detail = detail
    }

    static func malformed(_ detail: String) -> Refusal { Refusal(400, "malformed_request", detail) }

    static let headTooLarge = Refusal(431, "header_too_large", "the request line and header fields are too long")
    static let bodyTooLarge = Refusal(413, "body_too_large", "the body is longer than this server accepts")
    static let timedOut = Refusal(408, "request_timeout", "the request did not arrive in time")
    static let bodiesFull = Refusal(503, "overloaded", "too many request bodies are in memory, try again")
    static let connectionsFull = Refusal(503, "too_many_connections", "the connection limit is reached, try again")

    /// The whole answer, as `application/problem+json` like every other error of the gateway.
    func answer(requestID: String) -> [UInt8] {
        let title = HTTPStatus.reason(status)
        let body =
            "{\"type\":\"about:blank\",\"title\":\"\(title)\",\"status\":\(status),\"code\":\"\(code)\","
            + "\"detail\":\"\(detail)\",\"request_id\":\"\(requestID)\"}\n"
        let retry = status == 503 ? "Retry-After: 1\r\n" : ""
        let head =
            "HTTP/1.1 \(status) \(title)\r\nContent-Type: application/problem+json\r\n"
            + "Content-Length: \(body.utf8.count)\r\n\(retry)Connection: close\r\n\r\n"
        return Array((head + body).utf8)
    }
}
