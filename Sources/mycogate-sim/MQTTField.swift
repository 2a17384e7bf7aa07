import GatewayModel
import GatewayTestKit
import MQTT

/// The boards of a site that publish over MQTT, each with its own connection.
final class MQTTField {
    private struct Member {
        var board: MQTTBoard
        var client: BlockingMQTTClient?
        var nextAt: Int64
    }

    private var members: [Member]
    private let port: Int
    private let interval: Int64
    /// Messages that the broker has acknowledged, repeats not counted.
    private(set) var acknowledged = 0
    /// Messages sent a second time.
    private(set) var repeated = 0

    init(_ boards: [MQTTBoard], port: Int, interval: Int64) {
        members = boards.map { Member(board: $0, client: nil, nextAt: 0) }
        self.port = port
        self.interval = interval
    }

    /// Publishes what is due at `now`. A board whose connection breaks connects again at its next turn.
    func publishDue(_ now: ReceiveTime) {
        for index in members.indices where members[index].nextAt <= now.monotonicMilliseconds {
            // Boards do not measure in step.
            members[index].nextAt = now.monotonicMilliseconds + interval + Int64(index) * 37
            do {
                try publish(index, now)
            } catch {
                members[index].client?.drop()
                members[index].client = nil
            }
        }
    }

    /// Lets every board say that it goes, and go.
    func close(_ now: ReceiveTime) {
        for member in members {
            // A broker that is gone already needs no good-bye.
            _ = try? member.client?.publish(member.board.presence(isOnline: false, wall: now.wall.milliseconds))
            member.client?.close()
        }
        members = []
    }

    private func publish(_ index: Int, _ now: ReceiveTime) throws {
        let wall = now.wall.milliseconds
        let client = try members[index].client ?? connected(members[index].board, wall)
        members[index].client = client
        let messages = members[index].board.measure(wall: wall, monotonic: now.monotonicMilliseconds)
        for (number, message) in messages.enumerated() {
            try client.publish(message)
            if number == 0 { acknowledged += 1 } else { repeated += 1 }
        }
    }

    private func connected(_ board: MQTTBoard, _ wall: Int64) throws -> BlockingMQTTClient {
        var configuration = MQTTConfiguration(host: "127.0.0.1", port: UInt16(port), clientID: "sim-\(board.id)")
        configuration.will = board.presence(isOnline: false, wall: wall)
        let client = try BlockingMQTTClient(configuration)
        try client.publish(board.presence(isOnline: true, wall: wall))
        return client
    }
}
