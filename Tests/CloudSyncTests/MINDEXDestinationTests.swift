import EventLoop
import GatewayModel
import GatewayTestKit
import HTTPClient
import JSONText
import Testing

@testable import CloudSync

/// Records to a stand-in MINDEX over real sockets.
@Suite(.serialized)
struct MINDEXDestinationTests {
    private let rig = ServerRig()

    private func server(_ change: (inout StandInMINDEX.Configuration) -> Void = { _ in }) throws -> StandInMINDEX {
        var configuration = StandInMINDEX.Configuration()
        configuration.secret = "s3cret"
        change(&configuration)
        return try StandInMINDEX(configuration)
    }

    private func destination(
        _ url: String, _ credentials: MINDEXCredentials = MINDEXCredentials(token: .preShared("token")),
        holdDelay: Duration = .milliseconds(10)
    ) throws -> FormatDestination<MINDEXFormat> {
        let format = MINDEXFormat(
            base: MINDEXAddress.base(url), credentials: credentials, gateway: "gw-1", epoch: "epoch")
        return try rig.destination("mindex", format, holdDelay: holdDelay)
    }

    private func fill(_ count: Int) { for index in 0..<count { rig.stream.append("device-\(index % 5)") } }

    @Test func everySampleArrivesOnce() async throws {
        let server = try server()
        fill(200)
        let destination = try destination(server.url)
        try await rig.run(destination) { #expect(rig.drains(destination, 200)) }
        #expect(server.withLedger { $0.samples.count } == 400)
        #expect(server.withLedger { $0.repeats } == 0)
        for device in 0..<5 {
            let seqs = server.withLedger { $0.envelopes.filter { $0.device == "device-\(device)" }.map(\.seq) }
            #expect(seqs == seqs.sorted())
        }
    }

    @Test(arguments: [
        MINDEXCredentials(token: .signed(service: "gw", secret: "s3cret")), MINDEXCredentials(key: "k"),
    ])
    func bothKindsOfTokensAndTheOldKeyAreAccepted(credentials: MINDEXCredentials) async throws {
        let server = try server { $0.keys = ["k"] }
        fill(10)
        let destination = try destination(server.url + "/api/mindex/internal", credentials)
        try await rig.run(destination) { #expect(rig.drains(destination, 10)) }
        #expect(server.withLedger { $0.turnedAway } == 0)
    }

    @Test func aWrongKeyHoldsEverythingAndSaysWhy() async throws {
        let server = try server()
        fill(10)
        let wrong = MINDEXCredentials(token: .signed(service: "gw", secret: "other"))
        let destination = try destination(server.url, wrong, holdDelay: .seconds(600))
        try await rig.run(destination) {
            #expect(Eventually.holds { destination.status.state == .held && destination.status.inFlight == 0 })
        }
        #expect(destination.status.refused == 0 && rig.stream.acknowledged == 0)
        #expect(server.withLedger { $0.requests } <= 5)
    }

    @Test func repeatsAfterLostAnswersAreRecognised() async throws {
        let server = try server()
        fill(20)
        server.inject(.lostAnswer, times: 4)
        server.inject(.halfBody, times: 2)
        let destination = try destination(server.url)
        try await rig.run(destination) { #expect(rig.drains(destination, 20)) }
        #expect(server.withLedger { $0.samples.count } == 40)
        #expect(server.withLedger { $0.repeats } > 0)
        #expect(rig.stream.refused.isEmpty)
    }

    @Test(arguments: [
        MASFault.status(429, retryAfter: "0"), .status(500), .status(503, retryAfter: "0"), .closed, .garbage, .page,
        .huge, .corrupt, .wrongMessage, .notAccepted, .redirect(to: "http://x/"), .late(milliseconds: 5),
        .dribbled(milliseconds: 1),
    ])
    func noFaultLosesAnythingOrCondemnsAnything(fault: MASFault) async throws {
        let server = try server()
        fill(20)
        server.inject(fault, times: 5)
        let destination = try destination(server.url)
        try await rig.run(destination) { #expect(rig.drains(destination, 20)) }
        #expect(server.withLedger { $0.samples.count } == 40)
        #expect(rig.stream.refused.isEmpty)
    }

    @Test func aCondemnedRecordIsKeptWithItsReason() async throws {
        let server = try server()
        fill(3)
        server.inject(.status(422))
        let destination = try destination(server.url)
        try await rig.run(destination) { #expect(rig.drains(destination, 3)) }
        #expect(rig.stream.refused.map(\.status) == [422])
        #expect(server.withLedger { $0.samples.count } == 4)
    }

    @Test func aRestartInBetweenLosesNothing() async throws {
        let server = try server()
        fill(300)
        try await rig.run(try destination(server.url)) { #expect(server.wait { $0.envelopes.count >= 50 }) }
        let port = server.port
        server.stop()
        let second = try self.server { $0.port = port }
        let destination = try destination(second.url)
        try await rig.run(destination) { #expect(rig.drains(destination, 300)) }
        let all = server.withLedger { Set($0.samples.keys) }.union(second.withLedger { Set($0.samples.keys) })
        #expect(all.count == 600)
    }

    @Test func onlyAWholeConfirmationOfThisMessageIsTaken() {
        let format = MINDEXFormat(base: "http://x", credentials: MINDEXCredentials(), gateway: "g", epoch: "e")
        let bytes = Array(#"{"envelope":{"pack":[{"id":"x","v":1},{"id":"y","v":"{\"id\":"}]}}"#.utf8)
        let batch = DeliveryBatch(
            stream: .readings,
            items: [
                .init(
                    seq: SequenceNumber(1), device: DeviceID("d"), bytes: bytes[...], identity: ArraySlice("m-1".utf8))
            ],
            gatewayID: "g", epoch: "e")
        func outcome(_ body: String) -> PushOutcome {
            format.outcome(ClientAnswer(status: 200, body: Array(body.utf8)), of: batch, at: SystemClock().now())
        }
        func confirmation(_ id: String, _ inserted: Int, _ deduped: Int) -> String {
            #"{"success":true,"envelope_msg_id":"\#(id)","samples_inserted":\#(inserted),"samples_deduped":\#(deduped)}"#
        }
        #expect(outcome(confirmation("m-1", 2, 0)) == .accepted)
        #expect(outcome(confirmation("m-1", 0, 2)) == .accepted)
        #expect(outcome(confirmation("m-1", 1, 0)) == .condemned(status: 200, reason: "1 of 2 samples were taken"))
        #expect(outcome(confirmation("m-2", 2, 0)) == .troubled(reason: "the answer confirms another message"))
        guard case .misdirected = outcome("{}") else {
            Issue.record("an answer of another server is taken")
            return
        }
    }
}
