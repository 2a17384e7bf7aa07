public import HTTPServer

/// What came of the token that a request carries.
public enum PresentedToken: Sendable, Equatable {
    case none
    case unknown
    case expired(name: String)
    case valid(AccessTokens.Entry)

    /// The secret in `Authorization: Bearer …` or `X-API-Key`; nil if there is neither.
    public static func secret(in headers: HTTPHeaders) -> String? {
        if let authorization = headers["Authorization"] {
            let parts = authorization.split(separator: " ", maxSplits: 1)
            if parts.count == 2, parts[0].lowercased() == "bearer" { return String(parts[1]) }
        }
        return headers["X-API-Key"]
    }
}
