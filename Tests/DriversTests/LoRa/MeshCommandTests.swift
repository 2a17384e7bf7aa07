import Drivers
import EventLoop
import FieldProtocols
import GatewayModel
import GatewayTestKit
import Testing

/// Commands to devices that are reached over another one's port.
@Suite(.timeLimit(.minutes(5))) struct MeshCommandTests {
    private let site: SerialSite
    private let pair: PtyPair

    init() throws {
        site = try SerialSite()
        pair = try PtyPair()
        try pair.link(at: site.link("modem"))
    }

    private func run(_ kind: PortTalkKind, _ body: (SerialIntake) async throws -> Void) async throws {
        let configuration = SerialIntake.Configuration(
            places: [SerialPlace(path: site.link("modem"), kind: kind)],
            aliases: [DeviceAlias(device: try #require(DeviceID("field-radio")), path: site.link("modem"))])
        try await site.run(configuration, body)
    }

    private func order(_ id: String, to device: String, _ params: String, _ intake: SerialIntake) throws {
        let device = try #require(DeviceID(device))
        let command = DeviceCommand(
            id: id, device: device, name: "send_payload", params: params, origin: "cli", state: .queued, result: nil,
            created: Timestamp(milliseconds: 0, trusted: false), expires: Timestamp(milliseconds: 0, trusted: false))
        site.change { $0.waiting.append(command) }
        intake.commandsWaiting(for: device)
    }

    private func end(of id: String) async -> String {
        let ends: Set<DeviceCommand.State> = [.acknowledged, .refused, .expired]
        await site.wait { $0.reports.contains { $0.id == id && ends.contains($0.state) } }
        return site.ledger.reports.last { $0.id == id }.map { "\($0.state): \($0.result ?? "")" } ?? ""
    }

    /// Fields as protobuf puts them.
    private static func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
        [number << 3 | 2, UInt8(bytes.count)] + bytes
    }

    private static func fixed(_ number: UInt8, _ value: UInt32) -> [UInt8] {
        [number << 3 | 5] + (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    private static func framed(_ message: [UInt8]) -> [UInt8] { [0x94, 0xC3, 0, UInt8(message.count)] + message }

    /// FromRadio {packet {from, decoded {ROUTING_APP, Routing {error_reason}, request_id}, id}}.
    private static func receipt(from node: UInt32, for id: UInt32, error: UInt8?) -> [UInt8] {
        let routing: [UInt8] = error.map { [0x18, $0] } ?? []
        let data: [UInt8] = [0x08, 5] + field(2, routing) + fixed(6, id)
        return framed(field(2, fixed(1, node) + field(4, data) + fixed(6, 77)))
    }

    /// The number of the packet to `node` that asks to be acknowledged, as soon as it is sent.
    private func sentPacket(to node: UInt32) throws -> UInt32 {
        var bytes: [UInt8] = []
        var id: UInt32?
        let target = Self.fixed(2, node)
        let isThere = Eventually.holds(within: .seconds(30)) {
            bytes += pair.receive(within: .milliseconds(50))
            let starts = bytes.indices.filter { bytes[$0...].starts(with: target) }
            // {to, decoded, id, want_ack}
            for start in starts where bytes.count > start + 7 {
                let after = start + 5 + 2 + Int(bytes[start + 6])
                guard bytes.count >= after + 7, bytes[after] == 6 << 3 | 5, bytes[(after + 5)...].starts(with: [80, 1])
                else { continue }
                id = (0..<4).reduce(0) { $0 | UInt32(bytes[after + 1 + $1]) << (8 * UInt32($1)) }
            }
            return id != nil
        }
        #expect(isThere, "\(bytes)")
        return try #require(id)
    }

    @Test func aNodeOfAMeshIsSentToAndAcknowledges() async throws {
        let node: UInt32 = 0x0A0B_0C0D
        try await run(.meshtastic) { intake in
            try order("a", to: "meshtastic-0a0b0c0d", #"{"text":"valve open"}"#, intake)
            let first = try sentPacket(to: node)
            // The node on the port hears a neighbour pass it on, which is not yet the node.
            pair.send(Self.receipt(from: 0x0101_0101, for: first, error: nil))
            pair.send(Self.receipt(from: node, for: first, error: nil))
            #expect(await end(of: "a") == "acknowledged: the node has it")
            try order("b", to: "meshtastic-0a0b0c0d", #"{"text":"valve open"}"#, intake)
            pair.send(Self.receipt(from: 0x0101_0101, for: try sentPacket(to: node), error: 5))
            #expect(await end(of: "b") == "refused: sent as often as allowed, and never acknowledged")
            try order("c", to: "meshtastic-0a0b0c0d", #"{"text":"valve open"}"#, intake)
            // FromRadio {queueStatus {res 9, mesh_packet_id}}.
            let third = try sentPacket(to: node)
            var digits: [UInt8] = []
            var rest = third
            while rest >= 0x80 {
                digits.append(UInt8(truncatingIfNeeded: rest) | 0x80)
                rest >>= 7
            }
            pair.send(Self.framed(Self.field(11, [0x08, 9, 0x20] + digits + [UInt8(rest)])))
            #expect(await end(of: "c") == "refused: the duty cycle is used up")
            try order("d", to: "meshtastic-0a0b0c0d", #"{"hex":"FF"}"#, intake)
            #expect(await end(of: "d") == "refused: text: accepted UTF-8")
        }
    }

    @Test func aMeshWhosePortIsLostEndsItsCommands() async throws {
        try await run(.meshtastic) { intake in
            try order("a", to: "meshtastic-0a0b0c0d", #"{"text":"x"}"#, intake)
            _ = try sentPacket(to: 0x0A0B_0C0D)
            let other = try PtyPair()
            try other.link(at: site.link("modem"))
            #expect(await end(of: "a").hasSuffix("whether the node has it is not known"))
            withExtendedLifetime(other) {}
        }
    }

    @Test func aSenderThatAReyaxHasHeardIsSentToByItsAddress() async throws {
        try await run(.reyax) { intake in
            try order("a", to: "field-radio-50", #"{"text":"hello"}"#, intake)
            var bytes: [UInt8] = []
            let isSent = Eventually.holds(within: .seconds(30)) {
                let heard = pair.receive(within: .milliseconds(50))
                bytes += heard
                if !heard.isEmpty { pair.send(Array("+OK\r\n".utf8)) }
                return String(decoding: bytes, as: UTF8.self).contains("AT+SEND=50,5,hello")
            }
            #expect(isSent, "\(String(decoding: bytes, as: UTF8.self))")
            #expect(await end(of: "a").hasPrefix("acknowledged"))
        }
    }

    @Test func aNodeThatOnlyAGatewayFirmwareHearsIsNotWaitedFor() async throws {
        try await run(.loraGateway) { intake in
            try order("a", to: "field-radio-node-b1", #"{"text":"hello"}"#, intake)
            pair.send(Array("{\"side\":\"gateway\",\"mdp\":1,\"status\":\"ready\"}\r\n".utf8))
            #expect(await end(of: "a") == "refused: the firmware of field-radio tells of nodes and sends them nothing")
        }
    }
}
