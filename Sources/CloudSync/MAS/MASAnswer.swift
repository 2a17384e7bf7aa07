internal import Glibc
internal import HTTPClient
internal import JSONText

/// Reads what the MAS, or whoever sits at its address, answered (reference, sections 6.1, 6.2 and 6.5).
struct MASAnswer {
    private let parser = JSONParser()
    private let judgement = StatusJudgement(peer: "a MAS")

    /// Judges the answer to the envelope of `messageID`; `wall` is the wall clock in Unix milliseconds.
    func outcome(
        _ result: Result<ClientAnswer, HTTPClientError>, messageID: ArraySlice<UInt8>, wall: Int64
    ) -> PushOutcome {
        switch result {
        case .failure(let error): judgement.outcome(error)
        case .success(let answer) where (200..<300).contains(answer.status): confirmation(answer, messageID)
        case .success(let answer): judgement.outcome(answer, wall: wall)
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
        case .accepted, .acceptedFirst, .rejected, .declined, .troubled, .unreachable, .abandoned:
            return (.failed(retryAfter: nil), outcome)
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

    private func confirmation(_ answer: ClientAnswer, _ messageID: ArraySlice<UInt8>) -> PushOutcome {
        let bytes = answer.body
        return bytes.withUnsafeBytes { bytes in
            // An answer that is no JSON was not given by a MAS.
            guard let value = try? parser.parse(bytes), let accepted = value["accepted"]?.bool else {
                return .misdirected(reason: Self.foreign(answer))
            }
            guard accepted else { return .troubled(reason: "not accepted: \(value["reason"]?.string ?? "no reason")") }
            let isAnother = value["msgId"]?.withUTF8 { !Self.isSame($0, messageID) } ?? false
            guard isAnother else { return .accepted }
            return .troubled(reason: "the answer confirms another message")
        }
    }

    /// Judges the answer to an audit entry or a task. A MAS without that route, or whose store or agent fails, still takes
    /// readings.
    func note(_ answer: ClientAnswer, wall: Int64, _ isConfirmed: (JSON) -> Bool) -> PushOutcome {
        if (200..<300).contains(answer.status) {
            guard let json = answer.json, json.members != nil, isConfirmed(json) else {
                return .misdirected(reason: Self.foreign(answer))
            }
            return .accepted
        }
        switch answer.status {
        case 404, 405, 500..<503, 504...: return .declined(reason: "HTTP \(answer.status): \(judgement.detail(answer))")
        default: return judgement.outcome(answer, wall: wall)
        }
    }

    private static func isSame(_ text: UnsafeBufferPointer<UInt8>, _ identity: ArraySlice<UInt8>) -> Bool {
        identity.withUnsafeBytes { identity in
            guard identity.count == text.count else { return false }
            guard let left = text.baseAddress, let right = identity.baseAddress else { return true }
            return memcmp(left, right, text.count) == 0
        }
    }

    private static func foreign(_ answer: ClientAnswer) -> String {
        "HTTP \(answer.status) with \(answer.header("content-type") ?? "an answer") that is not the MAS's"
    }

    private func text(_ body: [UInt8], _ key: StaticString) -> String? {
        // Nil stands for "it does not say", whatever the cause.
        body.withUnsafeBytes { (try? parser.parse($0))?[key]?.string }
    }
}
