import GatewayModel
import GatewayTestKit
import HTTPClient
import Testing

@testable import CloudSync

struct NDJSONFormatTests {
    private let format = NDJSONFormat(url: "http://x/in", gatewayID: "gw-1", epoch: "e1")
    private let time = ReceiveTime(wall: Timestamp(milliseconds: 0, trusted: true), monotonicMilliseconds: 0)

    private var batch: DeliveryBatch {
        DeliveryBatch(
            stream: .readings,
            items: [3, 5, 9].map {
                DeliveryItem(
                    seq: SequenceNumber($0), device: nil, bytes: ArraySlice("{\"seq\":\($0)}\n".utf8), identity: [])
            }, gatewayID: "gw-1", epoch: "e1")
    }

    private func outcome(_ status: Int, _ body: String, type: String = "application/json") -> PushOutcome {
        let answer = ClientAnswer(status: status, headers: [.init("Content-Type", type)], body: Array(body.utf8))
        return format.outcome(answer, of: batch, at: time)
    }

    @Test func aRequestTellsWhatItHolds() {
        let request = format.request(batch, at: time)
        let headers = Dictionary(request.headers.map { ($0.name, $0.value) }) { first, _ in first }
        #expect(headers["Idempotency-Key"] == "gw-1/e1/readings/3-9/3")
        #expect(headers["Mycogate-First"] == "3" && headers["Mycogate-Last"] == "9" && headers["Mycogate-Count"] == "3")
        #expect(String(decoding: request.body, as: UTF8.self) == "{\"seq\":3}\n{\"seq\":5}\n{\"seq\":9}\n")
    }

    @Test(arguments: ["", "ok", "{}", "[1]", #"{"accepted":true}"#, #"{"accepted":3}"#, #"{"rejected":[]}"#])
    func any2xxTakesTheBatchUnlessItsBodySaysOtherwise(body: String) {
        #expect(outcome(200, body) == .accepted)
        #expect(outcome(202, body) == .accepted)
    }

    @Test func partialAcceptanceIsUnderstood() {
        #expect(outcome(200, #"{"accepted":2}"#) == .acceptedFirst(2))
        #expect(outcome(200, #"{"accepted":0}"#) == .acceptedFirst(0))
        #expect(
            outcome(207, #"{"rejected":[{"seq":5,"reason":"no such device"}]}"#)
                == .rejected([PushOutcome.Rejection(index: 1, status: 422, reason: "no such device")]))
    }

    @Test(arguments: [#"{"accepted":4}"#, #"{"accepted":-1}"#, #"{"accepted":false}"#, #"{"rejected":[{"seq":4}]}"#])
    func anAnswerThatCannotBeIsTrouble(body: String) {
        guard case .troubled = outcome(200, body) else {
            Issue.record("\(body) is taken for \(outcome(200, body))")
            return
        }
    }

    @Test func aPageIsNoConfirmation() {
        guard case .misdirected = outcome(200, "<html>Welcome</html>", type: "text/html; charset=utf-8") else {
            Issue.record("a captive portal confirms records")
            return
        }
    }

    @Test func hostileAnswersNeverTrap() {
        var random = SeededRandom(seed: 5)
        let seeds = [
            #"{"accepted":2,"rejected":[{"seq":5,"status":400,"reason":"x"}]}"#, #"{"accepted":18446744073709551615}"#,
        ]
        for _ in 0..<5_000 {
            var body = Array(seeds[random.integer(in: 0...seeds.count - 1)].utf8)
            for _ in 0...random.integer(in: 0...6) {
                body[random.integer(in: 0...body.count - 1)] = UInt8(random.integer(in: 0...255))
            }
            for status in [200, 400, 503] {
                _ = format.outcome(ClientAnswer(status: status, body: body), of: batch, at: time)
            }
        }
    }
}
