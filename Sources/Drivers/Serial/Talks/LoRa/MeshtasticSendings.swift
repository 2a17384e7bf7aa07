import FieldProtocols
import GatewayModel

/// Texts to nodes of a mesh that have not been acknowledged yet.
struct MeshtasticSendings {
    private struct Sending {
        var command: String
        var node: UInt32
        var deadline: Int64
        /// A neighbour was heard to pass it on.
        var isRelayed = false
    }

    /// By the number of their packet.
    private var sendings: [UInt32: Sending] = [:]

    /// A node sends a packet three times, seconds apart, on the slow settings many; a command lives for 60 s.
    static let milliseconds: Int64 = 50_000
    private static let countMax = 8

    /// Nodes queue few packets.
    var isFull: Bool { sendings.count >= Self.countMax }
    var due: Int64? { sendings.values.map(\.deadline).min() }

    mutating func add(_ id: UInt32, to node: UInt32, for command: String, _ now: Int64) {
        sendings[id] = Sending(command: command, node: node, deadline: now + Self.milliseconds)
    }

    /// The node on the port has taken a packet, or has not.
    mutating func took(_ queued: (id: UInt32, error: UInt32)) -> [PortOutcome] {
        guard queued.error != 0, let sending = sendings.removeValue(forKey: queued.id) else { return [] }
        return [.command(id: sending.command, .refused, result: MeshtasticReceipt.text(of: queued.error))]
    }

    mutating func took(_ receipt: MeshtasticReceipt) -> [PortOutcome] {
        guard let sending = sendings[receipt.packetID] else { return [] }
        if receipt.error == 0, receipt.sender != sending.node {
            sendings[receipt.packetID]?.isRelayed = true
            return []
        }
        sendings[receipt.packetID] = nil
        guard receipt.error != 0 else {
            return [.command(id: sending.command, .acknowledged, result: "the node has it")]
        }
        return [.command(id: sending.command, .refused, result: MeshtasticReceipt.text(of: receipt.error))]
    }

    /// Gives up those that nobody has acknowledged in time.
    mutating func expire(_ now: Int64) -> [PortOutcome] {
        let late = sendings.filter { $0.value.deadline <= now }
        for id in late.keys { sendings[id] = nil }
        return late.values.map { sending in
            let relayed = sending.isRelayed ? "; a neighbour has passed it on" : ""
            return .command(id: sending.command, .expired, result: "the node has not acknowledged it" + relayed)
        }
    }

    /// Nothing will be heard any more.
    mutating func end(_ reason: String) -> [PortOutcome] {
        defer { sendings = [:] }
        return sendings.values.map {
            .command(id: $0.command, .expired, result: "\(reason); whether the node has it is not known")
        }
    }
}
