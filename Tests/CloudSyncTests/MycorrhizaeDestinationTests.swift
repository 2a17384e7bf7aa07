import EventLoop
import GatewayModel
import GatewayTestKit
import HTTPClient
import JSONText
import Testing

@testable import CloudSync

/// Publishing and replay acknowledgements at a stand-in broker over real sockets.
@Suite(.serialized)
struct MycorrhizaeDestinationTests {
    private let rig = ServerRig()

    private func publisher(
        _ broker: StandInMycorrhizae, key: String = "myco_key", holdDelay: Duration = .milliseconds(10)
    ) throws -> FormatDestination<PublishFormat> {
        let format = PublishFormat(BrokerAccess(url: broker.url, key: key), gateway: "gw-1", epoch: "epoch")
        return try rig.destination("mycorrhizae", format, holdDelay: holdDelay)
    }

    @Test func everyRecordIsPublishedOnceOnItsChannel() async throws {
        let broker = try StandInMycorrhizae()
        for index in 0..<50 { rig.stream.append("board.\(index % 3)%") }
        let destination = try publisher(broker)
        try await rig.run(destination) { #expect(rig.drains(destination, 50)) }
        let messages = broker.withLedger { $0.messages }
        #expect(messages.count == 50)
        #expect(
            Set(messages.map(\.channel)) == [
                "device.board.0%.telemetry", "device.board.1%.telemetry", "device.board.2%.telemetry",
            ])
        let body = try JSON(parsing: messages[0].body)
        #expect(body["device_serial"]?.string == "board.0%" && body["source_id"]?.string == "gw-1")
        #expect(body["message_type"]?.string == "telemetry" && body["priority"]?.int64 == 5)
        #expect(body["payload"]?["hdr"]?["deviceId"]?.string == "board.0%" && body["payload"]?["seq"]?.int64 == 1)
    }

    @Test(arguments: [
        MASFault.status(500), .status(503, retryAfter: "0"), .closed, .lostAnswer, .halfBody, .garbage, .page, .huge,
        .corrupt, .wrongMessage, .notAccepted, .dribbled(milliseconds: 1),
    ])
    func noFaultLosesAnythingOrCondemnsAnything(fault: MASFault) async throws {
        let broker = try StandInMycorrhizae()
        for index in 0..<20 { rig.stream.append("board-\(index % 4)") }
        broker.inject(fault, times: 5)
        let destination = try publisher(broker)
        try await rig.run(destination) { #expect(rig.drains(destination, 20)) }
        #expect(broker.withLedger { $0.messages.count } == 20)
        #expect(rig.stream.refused.isEmpty)
    }

    @Test func aWrongKeyHoldsAndAUsedUpOnePaces() async throws {
        let broker = try StandInMycorrhizae()
        for _ in 0..<5 { rig.stream.append("board-1") }
        let wrong = try publisher(broker, key: "myco_other", holdDelay: .seconds(600))
        try await rig.run(wrong) { #expect(Eventually.holds { wrong.status.state == .held }) }
        var limited = StandInMycorrhizae.Configuration()
        limited.requestsMax = 2
        let second = try StandInMycorrhizae(limited)
        let destination = try publisher(second)
        try await rig.run(destination) {
            #expect(Eventually.holds { destination.status.state == .paced })
            #expect(destination.status.reason?.contains("Rate limit exceeded") == true)
        }
        #expect(second.withLedger { $0.requests } == 3)
        #expect(rig.stream.refused.isEmpty)
    }

    @Test func onlyMessagesThatTheirDeviceNamedAreAcknowledged() async throws {
        let broker = try StandInMycorrhizae()
        rig.stream.append("board-1")
        rig.stream.append("board-1", messageID: "m-2")
        rig.stream.append("board-1", messageID: String(repeating: "x", count: 201))
        rig.stream.append("board-2", messageID: "m-4")
        let format = ReplayAckFormat(BrokerAccess(url: broker.url, key: "myco_key"))
        let destination = try rig.destination("mycorrhizae-acks", format)
        try await rig.run(destination) { #expect(rig.drains(destination, 4)) }
        let acks = broker.withLedger { $0.acknowledgements }
        #expect(acks.map(\.messageID).sorted() == ["m-2", "m-4"])
        #expect(acks.map(\.seq).sorted() == [2, 4])
        #expect(acks.map(\.isAccepted) == [true, true])
    }

    @Test(arguments: [
        (#"{"ok":true}"#, true), (#"{"deviceId":"board-1","msgId":"m-1","accepted":true}"#, true),
        (#"{"msgId":"m-2","accepted":true}"#, false), ("[1]", false), ("<html></html>", false),
    ])
    func anAcknowledgementNeedsNoMoreThanAnAnswerOfTheBroker(body: String, isTaken: Bool) {
        let item = DeliveryItem(
            seq: SequenceNumber(1), device: DeviceID("board-1"), bytes: [], identity: ArraySlice("m-1".utf8))
        let batch = DeliveryBatch(stream: .readings, items: [item], gatewayID: "gw", epoch: "e")
        let format = ReplayAckFormat(BrokerAccess(url: "http://127.0.0.1:1", key: "k"))
        let answer = ClientAnswer(status: 200, body: Array(body.utf8))
        #expect((format.outcome(answer, of: batch, at: SystemClock().now()) == .accepted) == isTaken)
    }
}
