public import HTTPServer
public import JSONText

/// An error for the caller, as `application/problem+json` (RFC 9457) with a stable code. Handlers throw it.
public struct Problem: Error, Sendable, Equatable {
    public var status: Int
    /// Stable snake_case, for programs.
    public var code: String
    /// For people.
    public var detail: String
    /// Further members of the document, such as the epoch of a `epoch_changed`.
    public var members: [JSON.Member]
    public var headers: HTTPHeaders

    public init(
        _ status: Int, _ code: String, _ detail: String, members: [JSON.Member] = [], headers: HTTPHeaders = [:]
    ) {
        self.status = status
        self.code = code
        self.detail = detail
        self.members = members
        self.headers = headers
    }

    /// The answer to the request with this id.
    public func response(requestID: String) -> HTTPResponse {
        let document = JSON.object(
            [
                .init(key: "type", value: "about:blank"), .init(key: "title", value: .string(title)),
                .init(key: "status", value: .integer(Int64(status))), .init(key: "code", value: .string(code)),
                .init(key: "detail", value: .string(detail)), .init(key: "request_id", value: .string(requestID)),
            ] + members)
        var response = HTTPResponse(status: status, contentType: "application/problem+json", document.bytes + [0x0A])
        for field in headers.fields { response.headers.add(field.name, field.value) }
        return response
    }

    private var title: String {
        switch status {
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 409: "Conflict"
        case 421: "Misdirected Request"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 503: "Service Unavailable"
        default: status < 500 ? "Request refused" : "Internal error"
        }
    }

    static let internalError = Problem(500, "internal_error", "the gateway failed to answer; its log says why")

    /// 404: there is no such thing.
    public static func notFound(_ detail: String) -> Problem { Problem(404, "not_found", detail) }
    /// 400: the request cannot be understood.
    public static func invalid(_ detail: String) -> Problem { Problem(400, "invalid_request", detail) }
}
