import CloudSync
import GatewayModel
import GatewayTestKit
import NATS
import Testing

/// A real cluster of three whose nodes are killed while records flow.
@Suite(.serialized)
struct NATSClusterTests {
    private let own = "mycogate-gw-1"

    private func leader(_ cluster: NATSCluster) throws -> Int? {
        for url in cluster.urls {
            // A killed node is not asked.
            guard let connection = try? NATSConnection(NATSSettings(), address: url, onArrival: {}) else { continue }
            if let name = try connection.stream(own)?.leader { return cluster.node(named: name) }
        }
        return nil
    }

    @Test func aNodeThatIsKilledMidStreamLosesAndRepeatsNothing() async throws {
        let cluster = try NATSCluster()
        let readings = NumberedStream(count: 30_000)
        let world = try NATSWorld(cluster.urls, [readings]) {
            $0.stream.replicas = 3
            $0.stream.duplicateWindow = 500_000_000
            $0.answerTimeout = 1_000
            $0.client.requestTimeout = 1_000
        }
        #expect(await NATSWorld.waits(limit: .seconds(40)) { readings.acknowledged > 2_000 })
        let first = try #require(try leader(cluster))
        cluster.node(first).kill()
        let reached = readings.acknowledged
        #expect(await NATSWorld.waits(limit: .seconds(60)) { readings.acknowledged > min(reached + 4_000, 29_000) })
        try cluster.restart(first)
        #expect(await NATSWorld.waits(limit: .seconds(90)) { readings.acknowledged == 30_000 })
        try await world.stop()
        #expect(tells(try StreamContents.read(own, at: cluster.urls[(first + 1) % 3]), 1...30_000))
    }
}
