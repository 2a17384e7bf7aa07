import ControlAPI
import EventLoop
import GatewayModel
import GatewayTestKit
import Testing

@testable import Gateway

/// What `POST /ingest` answers to a message that comes again.
@Suite struct HTTPIntakeTests {
    @Test func aRepeatedMessageIsAnsweredAsTheFirstWasOrWithoutAnID() throws {
        let folder = try TemporaryFolder()
        let configuration = try GatewayConfiguration.smallest(in: folder)
        let clock = SystemClock()
        let store = try Store(configuration, dataDirectory: folder.path, clock: clock)
        let intake = HTTPIntake(
            store: store, gateway: "gw-1", policies: SignaturePolicies(configuration.devices), clock: clock)
        let device = try #require(DeviceID("board-1"))
        func take(_ payload: String) throws -> IngestReceipt {
            try intake.take(IngestedMessage(device: device, transport: "http", payload: Array(payload.utf8))) { 0 }
        }
        let named = #"{"seq":1,"msgId":"m-1","pack":[{"id":"x","v":1}]}"#
        for isDuplicate in [false, true] {
            let receipt = try take(named)
            #expect(receipt.messageID == "m-1" && receipt.isDuplicate == isDuplicate)
        }
        let numbered = #"{"seq":2,"pack":[{"id":"x","v":1}]}"#
        let first = try take(numbered)
        #expect(first.messageID?.count == 36 && !first.isDuplicate)
        let again = try take(numbered)
        #expect(again.messageID == nil && again.isDuplicate)
    }
}
