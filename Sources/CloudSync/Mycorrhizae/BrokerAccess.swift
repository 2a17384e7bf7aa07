internal import HTTPClient

/// Where a Mycorrhizae broker is and what it knows us by (reference, section 4.6).
public struct BrokerAccess: Sendable, Equatable {
    /// `http://host:8002`, without a path.
    public var url: String
    /// Sent as `X-API-Key`. Publishing takes the scopes `write` and `channel:publish`, commands `read` and
    /// `channel:subscribe`, replay acknowledgements `device:write` too.
    public var key: String

    public init(url: String, key: String) {
        self.url = url
        self.key = key
    }

    static let judgement = StatusJudgement(peer: "a Mycorrhizae broker")

    var headers: [ClientRequest.Header] {
        [ClientRequest.Header("Content-Type", "application/json"), ClientRequest.Header("X-API-Key", key)]
    }

    /// An answer other than 2xx. This broker says 403 to a key that has used up its requests, and means 429.
    static func outcome(_ answer: ClientAnswer, wall: Int64) -> PushOutcome {
        if answer.status == 403 {
            let detail = judgement.detail(answer)
            if detail.contains("Rate limit exceeded") {
                let isPerDay = detail.contains("per day")
                return .limited(reason: "HTTP 403: \(detail)", retryAfter: isPerDay ? 3_600_000 : 60_000)
            }
        }
        return judgement.outcome(answer, wall: wall)
    }
}
