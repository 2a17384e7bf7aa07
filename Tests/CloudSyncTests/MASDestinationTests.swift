import CloudSync
import GatewayModel
import GatewayTestKit
import Testing

/// The whole destination against a stand-in MAS over real sockets.
@Suite(.serialized)
struct MASDestinationTests {
    private let rig: MASRig
    private var mas: StandInMAS { rig.mas }
    private var stream: MemoryStream { rig.stream }

    init() throws { rig = try MASRig() }

    private func fill(_ count: Int, devices: Int = 5) {
        for index in 0..<count { stream.append("device-\(index % devices)") }
    }

    private func everythingArrived(_ count: Int, limit: Duration = .seconds(60)) -> Bool {
        mas.wait(limit: limit) { $0.deliveries.count == count }
            && Eventually.holds { stream.acknowledged == Int64(count) }
    }

    private func checkOrder(_ devices: Int = 5) {
        mas.withLedger { ledger in
            for device in 0..<devices {
                let seqs = ledger.messages(of: "device-\(device)").map(\.seq)
                #expect(seqs == seqs.sorted())
            }
            #expect(ledger.differing == 0)
        }
    }

    @Test func everyRecordArrivesOnceAndTheCursorFollows() async throws {
        fill(500)
        let destination = try rig.destination()
        try await rig.run(destination) {
            #expect(everythingArrived(500))
            fill(100)
            #expect(everythingArrived(600))
            #expect(Eventually.holds { destination.status.state == .connected && destination.status.lag == 0 })
        }
        #expect(destination.status.sent == 600)
        #expect(mas.withLedger { $0.repeats } == 0)
        checkOrder()
    }

    @Test func faultsOfEveryKindLoseNothingAndChangeNothing() async throws {
        fill(400)
        mas.misbehaveAtRandom(
            share: 0.2,
            faults: [
                .status(500), .status(503, retryAfter: "0"), .halfBody, .lostAnswer, .closed, .late(milliseconds: 5),
                .wrongMessage, .notAccepted, .garbage, .dribbled(milliseconds: 1), .page, .redirect(to: "http://x/"),
            ], seed: 3)
        let destination = try rig.destination()
        try await rig.run(destination) {
            let ended = Eventually.holds(within: .seconds(60)) {
                destination.flush()
                return stream.acknowledged == 400
            }
            #expect(ended)
        }
        #expect(mas.withLedger { $0.deliveries.count } == 400)
        #expect(mas.withLedger { $0.repeats } > 0)
        #expect(stream.refused.isEmpty)
        checkOrder()
    }

    @Test func aCondemnedRecordIsKeptWithItsReasonAndTheRestFlows() async throws {
        fill(20)
        mas.misbehave(.status(422), device: "device-3")
        let destination = try rig.destination()
        try await rig.run(destination) {
            #expect(mas.wait { $0.deliveries.count == 16 })
            #expect(Eventually.holds { stream.acknowledged == 20 })
        }
        #expect(stream.refused.map(\.seq.rawValue).sorted() == [4, 9, 14, 19])
        #expect(stream.refused.allSatisfy { $0.status == 422 && $0.reason == "scripted" && !$0.identity.isEmpty })
        #expect(destination.status.refused == 4)
    }

    @Test(arguments: [MASFault.status(401), .status(404), .redirect(to: "http://elsewhere/"), .page])
    func aWrongAddressHoldsEverythingUntilItIsMended(fault: MASFault) async throws {
        fill(30)
        mas.misbehave(fault)
        let destination = try rig.destination { $0.push.holdDelayInitial = .seconds(600) }
        try await rig.run(destination) {
            #expect(Eventually.holds { destination.status.state == .held && destination.status.inFlight == 0 })
            #expect(destination.status.reason?.isEmpty == false)
            let requests = mas.withLedger { $0.requests }
            #expect(requests <= 5)
            #expect(stream.refused.isEmpty && stream.acknowledged == 0)
            mas.misbehave(nil)
            destination.flush()
            #expect(everythingArrived(30))
        }
    }

    @Test func retryAfterIsKept() async throws {
        fill(3, devices: 1)
        mas.inject(.status(429, retryAfter: "2"))
        let destination = try rig.destination()
        try await rig.run(destination) {
            #expect(Eventually.holds { destination.status.state == .paced })
            #expect(everythingArrived(3))
        }
        let times = mas.withLedger { $0.requestTimes }
        #expect(times.count == 4)
        #expect(times[1] - times[0] >= 1_990)
    }

    @Test func nobodyListeningIsRetriedAndRecoversByItself() async throws {
        fill(10)
        let port = mas.port
        mas.stop()
        let destination = try rig.destination()
        try await rig.run(destination) {
            #expect(Eventually.holds { destination.status.state == .retrying })
            var configuration = StandInMAS.Configuration()
            configuration.port = port
            let second = try StandInMAS(configuration)
            #expect(second.wait { $0.deliveries.count == 10 })
            second.stop()
        }
    }

    @Test func aStopLosesNothingAndTheNextStartGoesOn() async throws {
        fill(300)
        mas.misbehave(.late(milliseconds: 2))
        try await rig.run(try rig.destination()) { #expect(mas.wait { $0.deliveries.count >= 50 }) }
        let stored = stream.acknowledged
        #expect(stored >= 40)
        mas.misbehave(nil)
        try await rig.run(try rig.destination()) { #expect(everythingArrived(300)) }
        #expect(mas.withLedger { $0.repeats } == 0)
        checkOrder()
    }

    @Test func aServerThatNeverAnswersDoesNotHoldUpAStop() async throws {
        fill(10)
        mas.misbehave(.silent)
        let destination = try rig.destination { $0.push.stopLimit = 50 }
        try await rig.run(destination) { #expect(mas.wait { $0.requests == 5 }) }
        #expect(stream.acknowledged == 0)
    }
}
