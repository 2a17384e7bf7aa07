import GatewayModel
import GatewayTestKit
import MQTT

/// The devices of a site that publish by conventions of others, each with its own connection.
final class ConventionField {
    private struct Member {
        var device: any ConventionDevice
        var client: BlockingMQTTClient?
        var nextAt: Int64 = 0
        /// What was made when the last message had been acknowledged.
        var acknowledged = 0
    }

    private var members: [Member]
    private let port: Int

    init(_ devices: [any ConventionDevice], port: Int) {
        members = devices.map { Member(device: $0) }
        self.port = port
    }

    /// The kind of each device, by its id.
    var kinds: [String: String] {
        Dictionary(members.map { ($0.device.deviceID, $0.device.kind) }, uniquingKeysWith: { $1 })
    }

    /// Publishes what is due at `now`, and answers commands.
    func publishDue(_ now: ReceiveTime) {
        for index in members.indices where members[index].nextAt <= now.monotonicMilliseconds {
            members[index].nextAt = now.monotonicMilliseconds + 1_000 + Int64(index) * 41
            do {
                try publish(index, now.wall.milliseconds)
            } catch {
                members[index].client?.drop()
                members[index].client = nil
            }
        }
    }

    /// Messages with values that the broker has acknowledged, by kind.
    var made: [String: Int] {
        Dictionary(members.map { ($0.device.kind, $0.acknowledged) }, uniquingKeysWith: { $0 + $1 })
    }

    /// Lets every device go without a word: the broker publishes its will.
    func close() {
        for member in members { member.client?.drop() }
    }

    private func publish(_ index: Int, _ wall: Int64) throws {
        let client = try members[index].client ?? connected(index, wall)
        members[index].client = client
        _ = try client.work(within: .milliseconds(1)) { !$0.messages.isEmpty }
        for message in client.takeMessages() {
            for answer in members[index].device.received(topic: message.topic, payload: message.payload, wall: wall) {
                try client.publish(answer)
            }
        }
        for message in members[index].device.measure(wall: wall) { try client.publish(message) }
        members[index].acknowledged = members[index].device.made
    }

    private func connected(_ index: Int, _ wall: Int64) throws -> BlockingMQTTClient {
        let device = members[index].device
        var configuration = MQTTConfiguration(host: "127.0.0.1", port: UInt16(port), clientID: "sim-\(device.kind)")
        configuration.will = device.will
        let client = try BlockingMQTTClient(configuration)
        if !device.filters.isEmpty { try client.subscribe(device.filters) }
        for message in members[index].device.connected(wall: wall) { try client.publish(message) }
        return client
    }
}
