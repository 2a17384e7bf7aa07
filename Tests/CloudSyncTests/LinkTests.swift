import CloudSync
import GatewayModel
import GatewayTestKit
import HTTPClient
import NATS
import Testing

/// Destinations over links that fail, with short limits of time: what falls silent is left, nothing is lost, and what is
/// sent again is the same.
@Suite(.serialized)
struct LinkTests {
    static let faults: [LinkFault] = [
        .cut(abruptly: false), .cut(abruptly: true), .blackHole, .resetAfter(byteCount: 0),
        .resetAfter(byteCount: 700), .dribble(byteCount: 1, every: 100), .flapping(every: 30),
    ]

    private func isOver(_ stream: MemoryStream, _ count: Int) -> Bool {
        Eventually.holds(within: .seconds(60)) { stream.acknowledged == Int64(count) }
    }

    private func isFailing(_ destination: any Destination) -> Bool {
        Eventually.holds(within: .seconds(30)) { destination.status.state == .retrying }
    }

    /// A hundred records over a sound link, three hundred while `fault` is on it; returns when all are acknowledged.
    private func deliver(
        _ stream: MemoryStream, to destination: any Destination, over link: LinkProxy, _ fault: LinkFault
    ) async throws {
        for index in 0..<100 { stream.append("device-\(index % 5)") }
        try await stream.run(destination) {
            #expect(isOver(stream, 100))
            link.impose(fault)
            for index in 0..<300 { stream.append("device-\(index % 5)") }
            #expect(isFailing(destination))
            link.heal()
            #expect(isOver(stream, 400))
        }
    }

    @Test(arguments: faults)
    func theMASGetsEverythingUnchangedWhateverTheLinkDid(fault: LinkFault) async throws {
        let rig = try MASRig()
        let link = try LinkProxy(to: Int(rig.mas.port))
        let destination = try rig.destination("http://127.0.0.1:\(link.port)") {
            $0.client.totalTimeout = .milliseconds(400)
        }
        try await deliver(rig.stream, to: destination, over: link, fault)
        #expect(destination.status.state == .stopped)
        rig.mas.withLedger { ledger in
            #expect(ledger.deliveries.count == 400)
            #expect(ledger.differing == 0)
            for device in 0..<5 {
                let seqs = ledger.messages(of: "device-\(device)").map(\.seq)
                #expect(seqs == seqs.sorted())
            }
        }
        #expect(rig.stream.refused.isEmpty)
    }

    @Test(arguments: faults)
    func aCollectorStoresEachRecordOnceWhateverTheLinkDid(fault: LinkFault) async throws {
        let rig = ServerRig()
        let collector = try StandInCollector()
        let link = try LinkProxy(to: Int(collector.port))
        let destination = try rig.destination(
            "http", NDJSONFormat(url: "http://127.0.0.1:\(link.port)/in", gatewayID: "gw-1", epoch: "epoch"),
            totalTimeout: .milliseconds(400))
        try await deliver(rig.stream, to: destination, over: link, fault)
        collector.withLedger { ledger in
            #expect(ledger.lines.count == 400)
            #expect(Set(ledger.lines).count == 400)
            #expect(ledger.differing == 0)
        }
        #expect(rig.stream.refused.isEmpty)
    }

    @Test func connectionsThatTheWayForgotAreGivenUp() async throws {
        let rig = try MASRig()
        let link = try LinkProxy(to: Int(rig.mas.port))
        let destination = try rig.destination("http://127.0.0.1:\(link.port)") {
            $0.client.totalTimeout = .milliseconds(400)
        }
        for index in 0..<100 { rig.stream.append("device-\(index % 5)") }
        try await rig.run(destination) {
            #expect(isOver(rig.stream, 100))
            link.impose(.blackHole)
            for index in 0..<100 { rig.stream.append("device-\(index % 5)") }
            link.healForNewConnections()
            #expect(isOver(rig.stream, 200))
        }
        #expect(rig.mas.withLedger { $0.deliveries.count == 200 && $0.differing == 0 })
    }

    @Test(arguments: faults)
    func aStreamOfNATSIsWholeAndInOrderWhateverTheLinkDid(fault: LinkFault) async throws {
        let server = try NATSServerProcess()
        let link = try LinkProxy(to: server.port)
        let readings = NumberedStream(count: 500)
        let world = try NATSWorld(["nats://127.0.0.1:\(link.port)"], [readings]) {
            $0.answerTimeout = 400
            $0.client.connectTimeout = 400
            $0.client.requestTimeout = 400
            // Shorter than the trouble: what is not stored twice is owed to the sequence that is expected.
            $0.stream.duplicateWindow = 100_000_000
        }
        #expect(await NATSWorld.waits { readings.acknowledged == 500 })
        link.impose(fault)
        readings.append(500)
        #expect(await NATSWorld.waits(limit: .seconds(30)) { world.status.state == .retrying })
        if fault == .blackHole { link.healForNewConnections() } else { link.heal() }
        #expect(await NATSWorld.waits(limit: .seconds(60)) { readings.acknowledged == 1_000 })
        try await world.stop()
        #expect(tells(try StreamContents.read("mycogate-gw-1", at: server.url), 1...1_000))
    }
}
