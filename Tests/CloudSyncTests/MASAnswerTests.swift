import HTTPClient
import Testing

@testable import CloudSync

struct MASAnswerTests {
    private func outcome(_ status: Int, _ body: String, headers: [ClientRequest.Header] = []) -> PushOutcome {
        let answer = ClientAnswer(status: status, headers: headers, body: Array(body.utf8))
        return MASAnswer().outcome(.success(answer), messageID: ArraySlice("m-1".utf8), wall: 0)
    }

    @Test func onlyTheConfirmationOfThisMessageIsAnAcknowledgement() {
        #expect(outcome(200, #"{"accepted":true,"deviceId":"d","msgId":"m-1","seq":1}"#) == .accepted)
        #expect(outcome(200, #"{"accepted":true,"msgId":"m-2"}"#) != .accepted)
        #expect(outcome(200, #"{"accepted":false,"msgId":"m-1","reason":"hash_mismatch"}"#) != .accepted)
    }

    @Test(arguments: ["", "<html>Welcome</html>", "{}", "[]", "true", #"{"accepted":"yes"}"#, #"{"accepted":tr"#])
    func aForeignAnswerIsAWrongAddress(body: String) {
        guard case .misdirected = outcome(200, body) else {
            Issue.record("\(body) is taken as \(outcome(200, body))")
            return
        }
    }

    @Test(arguments: [400, 413, 422])
    func onlyThreeStatusesCondemn(status: Int) {
        #expect(outcome(status, #"{"detail":"missing_hdr"}"#) == .condemned(status: status, reason: "missing_hdr"))
        #expect(outcome(status, "") == .condemned(status: status, reason: "no reason given"))
    }

    @Test func allOtherStatusesKeepTheRecord() {
        for status in 201..<600 where ![400, 413, 422].contains(status) {
            if case .condemned = outcome(status, "x") { Issue.record("\(status) condemns") }
            if case .accepted = outcome(status, "x") { Issue.record("\(status) accepts") }
        }
        for status in [301, 302, 307, 308, 401, 403, 404, 405, 410] {
            guard case .misdirected = outcome(status, "x") else {
                Issue.record("\(status) is \(outcome(status, "x"))")
                return
            }
        }
        for status in [408, 425, 500, 502, 504] {
            guard case .troubled = outcome(status, "x") else {
                Issue.record("\(status) is \(outcome(status, "x"))")
                return
            }
        }
    }

    @Test func retryAfterIsRead() {
        let headers = [ClientRequest.Header("Retry-After", "7")]
        guard case .limited(_, 7_000) = outcome(429, "", headers: headers) else {
            Issue.record("429 is \(outcome(429, "", headers: headers))")
            return
        }
        for status in [502, 503, 504] {
            let expected = PushOutcome.unavailable(reason: "HTTP \(status)", retryAfter: 7_000)
            #expect(outcome(status, "", headers: headers) == expected)
        }
    }

    @Test func aLongReasonIsCutAndMadePrintable() {
        guard case .condemned(_, let reason) = outcome(400, String(repeating: "a\u{1}b\n", count: 10_000)) else {
            Issue.record("400 does not condemn")
            return
        }
        #expect(reason.utf8.count <= StatusJudgement.reasonByteCountMax)
        #expect(reason.utf8.allSatisfy { $0 >= 0x20 })
    }

    @Test func plainHTTPToATLSPortIsAWrongAddress() {
        let page = "<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head></html>"
        #expect(outcome(400, page) == .misdirected(reason: "plain HTTP sent to an HTTPS port"))
    }

    @Test func theLimitIsRecognisedByItsHeaders() {
        func shows(_ value: String) -> Bool {
            MASAnswer.showsLimit(
                .success(ClientAnswer(status: 200, headers: [.init("X-RateLimit-Remaining-Minute", value)])))
        }
        #expect(shows("0"))
        #expect(shows("60"))
        #expect(!shows("5000"))
        #expect(!shows("many"))
        #expect(!MASAnswer.showsLimit(.success(ClientAnswer(status: 429, headers: [.init("Retry-After", "1")]))))
    }
}
