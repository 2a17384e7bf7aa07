public import HTTPClient
internal import JSONText

/// What the status of an answer says of a batch, the same for every kind that speaks HTTP.
public struct StatusJudgement: Sendable {
    /// What should be there, for reasons: `a MAS`, `an InfluxDB`.
    private let peer: String
    /// Longer reasons are cut: they are stored and shown.
    static let reasonByteCountMax = 300

    public init(peer: String) { self.peer = peer }

    /// No answer came.
    public func outcome(_ error: HTTPClientError) -> PushOutcome {
        switch error {
        case .badRequest, .tooLarge: .misdirected(reason: error.detail)
        case .couldNotResolve, .refused: .unreachable(reason: error.detail)
        case .tls: .unavailable(reason: error.detail)
        case .timedOut, .connectionLost, .notHTTP: .troubled(reason: error.detail)
        case .interrupted, .overloaded: .abandoned
        }
    }

    /// An answer other than 2xx; `wall` is the wall clock in Unix milliseconds.
    public func outcome(_ answer: ClientAnswer, wall: Int64) -> PushOutcome {
        let retryAfter = RetryAfter.milliseconds(answer, wall: wall)
        let reason = "HTTP \(answer.status)"
        switch answer.status {
        case 400 where Self.isPlainOnTLSPort(answer): return .misdirected(reason: "plain HTTP sent to an HTTPS port")
        case 422 where blamesHeader(answer): return .misdirected(reason: "\(reason): \(detail(answer))")
        case 400, 413, 422: return .condemned(status: answer.status, reason: detail(answer))
        case 429: return .limited(reason: "\(reason): the destination limits our requests", retryAfter: retryAfter)
        case 408, 425: return .troubled(reason: reason)
        case 300..<400:
            return .misdirected(reason: "\(reason): redirected to \(answer.header("location") ?? "nowhere")")
        case 401, 403: return .misdirected(reason: "\(reason): the key is missing or not accepted: \(detail(answer))")
        case 404, 405: return .misdirected(reason: "\(reason): \(absence(answer))")
        case 415: return .misdirected(reason: "\(reason): content type or compression is not accepted")
        case 503: return .unavailable(reason: reason, retryAfter: retryAfter)
        // What stands before the destination says when to come back; a 500 may be about the record alone.
        case 502 where retryAfter != nil, 504 where retryAfter != nil:
            return .unavailable(reason: reason, retryAfter: retryAfter)
        case 500...: return .troubled(reason: "\(reason): \(detail(answer))")
        default: return .misdirected(reason: reason)
        }
    }

    /// An InfluxDB without our database answers like a wrong address, and says what is missing.
    private func absence(_ answer: ClientAnswer) -> String {
        guard let error = answer.json?["error"]?.string else { return "this is not the address of \(peer)" }
        return Self.clean(error)
    }

    /// A 2xx that the destination cannot have given.
    public func foreign(_ answer: ClientAnswer) -> PushOutcome {
        let type = answer.header("content-type").map { Self.clean($0) } ?? "an answer"
        return .misdirected(reason: "HTTP \(answer.status) with \(type) that is not from \(peer)")
    }

    /// FastAPI says with 422 that a header is missing, too: then the key is wrong, not the record.
    private func blamesHeader(_ answer: ClientAnswer) -> Bool {
        guard let problems = answer.json?["detail"]?.array, !problems.isEmpty else { return false }
        return problems.allSatisfy { $0["loc"]?.array?.first?.string == "header" }
    }

    /// The `detail`, `message` or `error` of a JSON answer, else the beginning of the body.
    public func detail(_ answer: ClientAnswer) -> String {
        if let json = answer.json, let detail = json["detail"] ?? json["message"] ?? json["error"] {
            return Self.clean(detail.string ?? detail.text)
        }
        return Self.clean(String(decoding: answer.body.prefix(2 * Self.reasonByteCountMax), as: UTF8.self))
    }

    /// Without control characters, and cut.
    static func clean(_ text: String) -> String {
        let clean = text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : Character($0) }
        let cut = String(clean).utf8.prefix(reasonByteCountMax)
        return cut.isEmpty ? "no reason given" : String(decoding: cut, as: UTF8.self)
    }

    /// nginx answers 400 to a client that speaks plain HTTP to its TLS port: the address is wrong, not the record.
    private static func isPlainOnTLSPort(_ answer: ClientAnswer) -> Bool {
        String(decoding: answer.body.prefix(2_048), as: UTF8.self).contains("plain HTTP request was sent to HTTPS port")
    }
}
