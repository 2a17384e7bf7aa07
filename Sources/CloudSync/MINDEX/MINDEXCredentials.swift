internal import Crypto
internal import GatewayModel
internal import HTTPClient

/// What proves to MINDEX who we are (reference, section 6.4): a token for every route, and beside it a key for the routes
/// below `/mycobrain`, where an HMAC token alone is not accepted.
public struct MINDEXCredentials: Sendable, Equatable {
    /// The two kinds of `X-Internal-Token`.
    public enum Token: Sendable, Equatable {
        case preShared(String)
        /// Signed anew for each request, valid for 300 s around the server's time.
        case signed(service: String, secret: String)
    }

    /// Sent as `X-Internal-Token`; nil if the key has to do for it, which servers accept for the time being.
    public var token: Token?
    /// Sent as `X-API-Key`.
    public var key: String?

    public init(token: Token? = nil, key: String? = nil) {
        self.token = token
        self.key = key
    }

    /// Whether the routes below `/mycobrain` accept us: they want a listed key or a pre-shared token.
    public var opensDownlink: Bool {
        if key != nil { return true }
        if case .preShared = token { return true }
        return false
    }

    /// Whether what we send depends on our clock.
    public var dependsOnTime: Bool { if case .signed = token { true } else { false } }

    /// The headers of a request that is sent now.
    func headers(at time: Timestamp) -> [ClientRequest.Header] {
        var headers = [ClientRequest.Header("Content-Type", "application/json")]
        switch token {
        case .preShared(let token): headers.append(.init("X-Internal-Token", token))
        case .signed(let service, let secret):
            let seconds = time.milliseconds / 1_000
            headers.append(.init("X-Internal-Token", Self.signed(service, secret, unixSeconds: seconds)))
        case nil: break
        }
        // A pre-shared token passes the second check as a key too.
        if let key {
            headers.append(.init("X-API-Key", key))
        } else if case .preShared(let token) = token {
            headers.append(.init("X-API-Key", token))
        }
        return headers
    }

    /// A refused token that depends on a doubtful clock says so.
    func explained(_ outcome: PushOutcome, _ time: Timestamp) -> PushOutcome {
        guard case .misdirected(let reason) = outcome, dependsOnTime, !time.trusted else { return outcome }
        return .misdirected(reason: reason + "; our clock is not set, and a signed token is valid for 300 s")
    }

    /// base64 of `service:unixtime:hexHMAC-SHA256(secret, "service:unixtime")`.
    static func signed(_ service: String, _ secret: String, unixSeconds: Int64) -> String {
        let claim = "\(service):\(unixSeconds)"
        let code = HMACSHA256.code(of: Array(claim.utf8), key: Array(secret.utf8))
        return Base64.encode(Array("\(claim):\(Hex.encode(code))".utf8))
    }
}
