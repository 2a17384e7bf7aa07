internal import HTTPClient
internal import JSONText

/// Reads what the MAS, or whoever sits at its address, answered (reference, sections 6.1, 6.2 and 6.5).
struct MASAnswer {
    private let parser = JSONParser()
    /// Longer reasons are cut: they are stored and shown.
    static let reasonByteCountMax = 300

    /// Judges the answer to the envelope of `messageID`; `wall` is the wall clock in Unix milliseconds.
    func outcome(
        _ result: Result<ClientAnswer, HTTPClientError>, messageID: ArraySlice<UInt8>, wall: Int64
    ) -> PushOutcome {
        switch result {
        case .failure(let error): Self.outcome(error)
        case .success(let answer) where (200..<300).contains(answer.status): confirmation(answer, messageID)
        case .success(let answer): judgement(answer, wall)
        }
    }

    /// Judges the answer to a heartbeat.
    func heartbeat(
        _ result: Result<ClientAnswer, HTTPClientError>, wall: Int64
    ) -> (HeartbeatSchedule.Answer, PushOutcome) {
        if case .success(let answer) = result, (200..<300).contains(answer.status) {
            let status = text(answer.body, "status")
            if status == "registered" || status == "updated" {
                return (.accepted(isNew: status == "registered"), .accepted)
            }
            return (.failed(retryAfter: nil), .misdirected(reason: Self.foreign(answer)))
        }
        let outcome = outcome(result, messageID: [], wall: wall)
        switch outcome {
        case .condemned(let status, let reason): return (.refused("HTTP \(status): \(reason)"), outcome)
        case .limited(_, let retryAfter), .unavailable(_, let retryAfter):
            return (.failed(retryAfter: retryAfter), outcome)
        case .misdirected: return (.failed(retryAfter: 60_000), outcome)
        case .accepted, .acceptedFirst, .rejected, .troubled, .abandoned: return (.failed(retryAfter: nil), outcome)
        }
    }

    /// Whether the MAS shows that its rate limit applies to us.
    static func showsLimit(_ result: Result<ClientAnswer, HTTPClientError>) -> Bool {
        guard case .success(let answer) = result, let text = answer.header("x-ratelimit-remaining-minute"),
            let remaining = Int(text)
        else { return false }
        // More than the documented limit is some other server's, or a MAS with other settings.
        return remaining <= 60
    }

    private static func outcome(_ error: HTTPClientError) -> PushOutcome {
        switch error {
        case .badRequest, .tooLarge: .misdirected(reason: error.detail)
        case .couldNotResolve, .refused, .tls: .unavailable(reason: error.detail)
        case .timedOut, .connectionLost, .notHTTP: .troubled(reason: error.detail)
        case .interrupted, .overloaded: .abandoned
        }
    }

    private func confirmation(_ answer: ClientAnswer, _ messageID: ArraySlice<UInt8>) -> PushOutcome {
        let bytes = answer.body
        return bytes.withUnsafeBytes { bytes in
            // An answer that is no JSON was not given by a MAS.
            guard let value = try? parser.parse(bytes), let accepted = value["accepted"]?.bool else {
                return .misdirected(reason: Self.foreign(answer))
            }
            guard accepted else { return .troubled(reason: "not accepted: \(value["reason"]?.string ?? "no reason")") }
            let isAnother = value["msgId"]?.withUTF8 { !$0.elementsEqual(messageID) } ?? false
            guard isAnother else { return .accepted }
            return .troubled(reason: "the answer confirms another message")
        }
    }

    private func judgement(_ answer: ClientAnswer, _ wall: Int64) -> PushOutcome {
        let retryAfter = answer.header("retry-after").flatMap {
            RetryAfter.milliseconds($0, now: RetryAfter.serverTime(answer) ?? wall)
        }
        let reason = "HTTP \(answer.status)"
        switch answer.status {
        case 400 where Self.isPlainOnTLSPort(answer): return .misdirected(reason: "plain HTTP sent to an HTTPS port")
        case 400, 413, 422: return .condemned(status: answer.status, reason: detail(answer))
        case 429: return .limited(reason: "\(reason): the destination limits our requests", retryAfter: retryAfter)
        case 408, 425: return .troubled(reason: reason)
        case 300..<400:
            return .misdirected(reason: "\(reason): redirected to \(answer.header("location") ?? "nowhere")")
        case 401, 403: return .misdirected(reason: "\(reason): the key is missing or not accepted")
        case 404, 405: return .misdirected(reason: "\(reason): this is not the address of a MAS")
        case 503: return .unavailable(reason: reason, retryAfter: retryAfter)
        case 500...: return .troubled(reason: "\(reason): \(detail(answer))")
        default: return .misdirected(reason: reason)
        }
    }

    private static func foreign(_ answer: ClientAnswer) -> String {
        "HTTP \(answer.status) with \(answer.header("content-type") ?? "an answer") that is not the MAS's"
    }

    /// nginx answers 400 to a client that speaks plain HTTP to its TLS port: the address is wrong, not the record.
    private static func isPlainOnTLSPort(_ answer: ClientAnswer) -> Bool {
        String(decoding: answer.body.prefix(2_048), as: UTF8.self).contains("plain HTTP request was sent to HTTPS port")
    }

    /// FastAPI's `detail`, else the beginning of the body.
    private func detail(_ answer: ClientAnswer) -> String {
        let found = answer.body.withUnsafeBytes { bytes -> String? in
            // An answer that is no JSON is shown as it is.
            guard let value = try? parser.parse(bytes), let detail = value["detail"] else { return nil }
            return detail.string ?? JSON(detail).text
        }
        let text = found ?? String(decoding: answer.body, as: UTF8.self)
        let clean = text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : Character($0) }
        let cut = String(clean).utf8.prefix(Self.reasonByteCountMax)
        return cut.isEmpty ? "no reason given" : String(decoding: cut, as: UTF8.self)
    }

    private func text(_ body: [UInt8], _ key: StaticString) -> String? {
        // Nil stands for "it does not say", whatever the cause.
        body.withUnsafeBytes { (try? parser.parse($0))?[key]?.string }
    }
}
