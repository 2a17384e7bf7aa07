import Drivers
import EventLoop
import FieldProtocols
import GatewayModel
import GatewayTestKit
import Journal
import Testing

@testable import Gateway

/// Answers to commands that we have not sent.
@Suite struct ForeignAnswerTests {
    @Test func whatOthersSendThroughANetworkServerIsAnEventAndNoReject() throws {
        let folder = try TemporaryFolder()
        let configuration = try GatewayConfiguration.smallest(in: folder)
        let clock = SystemClock()
        let store = try Store(configuration, dataDirectory: folder.path, clock: clock)
        let words = SiteWords(store: store)
        let device = try #require(DeviceID("0004a30b001c0530").flatMap { DeviceName($0) })
        var answer = CommandAnswer(requestID: "not-ours", isOK: true, result: "acknowledged, counter 7")
        answer.networkServer = "chirpstack"
        words.take(.answer(device, answer, clock.now()))
        answer.networkServer = nil
        words.take(.answer(device, answer, clock.now()))
        let events = try store.journal.read(.events, after: .zero, limit: 100).records.map { record in
            "\(record.kind ?? "") \(record.body ?? "")"
        }
        let told = #"lora_downlink {"server":"chirpstack","item":"not-ours","stage":"acknowledged, counter 7"}"#
        #expect(events.contains(told), "\(events)")
        #expect(events.count { $0.contains("message_rejected") } == 1, "a board must not answer for others")
        #expect(words.foreign.count == 1)
    }
}
