import Crypto
import Drivers
import EventLoop
import FieldProtocols
import GatewayModel
import GatewayTestKit
import JSONText
import Testing

/// The thread with its socket: the site on its own decides, but does not store.
@Suite(.timeLimit(.minutes(5))) struct LoRaLoops {
    /// A packet forwarder, asked by one thread at a time.
    private final class Forwarder: Sendable {
        private let socket: Monitor<DatagramSocket>
        private let heard = Monitor<[SemtechPacket.Kind]>([])

        init() throws {
            let any = try #require(DatagramPeer(host: "127.0.0.1", port: 0))
            socket = Monitor(try DatagramSocket(listeningOn: any))
        }

        func send(_ bytes: [UInt8], to port: Int) throws {
            let peer = try #require(DatagramPeer(host: "127.0.0.1", port: port))
            _ = socket.withLock { $0.send(bytes, to: peer) }
        }

        /// How many downlinks have come so far.
        var downlinkCount: Int {
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4_096, alignment: 1)
            defer { buffer.deallocate() }
            socket.withLock { socket in
                while let (count, _) = socket.receive(into: buffer) {
                    let packet = try? SemtechPacket(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                    if let kind = packet?.kind { heard.withLock { $0.append(kind) } }
                }
            }
            return heard.withLock { $0.count { $0 == .pullResponse } }
        }
    }

    private struct Refused: Error {}

    private static func datagram(_ frame: [UInt8]) -> [UInt8] {
        let json =
            #"{"rxpk":[{"tmst":1000000,"freq":868.5,"stat":1,"modu":"LORA","datr":"SF7BW125","rssi":-57,"lsnr":9,"#
            + #""data":"\#(Base64.encode(frame))"}]}"#
        return SemtechPacket.fromGateway(
            .pushData, token: 9, gateway: LoRaWorld.gateway, json: Array(json.utf8))
    }

    @Test func aConfirmedFrameIsAcknowledgedOnlyWhenItIsDurable() async throws {
        let forwarder = try Forwarder()
        var node = SimulatedLoRaNode(seed: 7)
        /// Downlinks that had left when the journal was asked to store a frame.
        let before = Monitor<[Int]>([])
        var outlets = LoRaServer.Outlets(commit: { batch in
            guard !batch.observations.isEmpty else { return }
            before.withLock { $0.append(forwarder.downlinkCount) }
            if before.withLock({ $0.count }) == 1 { throw Refused() }
        })
        outlets.counters = .none
        let listen = try #require(DatagramPeer(host: "127.0.0.1", port: 0))
        let server = try LoRaServer(
            LoRaConfiguration(
                forwarders: .init(listen: listen, gateways: [LoRaWorld.gateway]),
                devices: [
                    .init(
                        eui: node.eui, address: node.address, networkKey: node.networkKey,
                        applicationKey: node.applicationKey)
                ]),
            outlets: outlets, clock: SystemClock(isVouched: true), seed: 1)
        let running = Task { try await server.run() }
        defer { running.cancel() }
        #expect(Eventually.holds(within: .seconds(30)) { server.status.port != nil })
        let port = try #require(server.status.port)
        try forwarder.send(SemtechPacket.fromGateway(.pullData, token: 1, gateway: LoRaWorld.gateway), to: port)
        try forwarder.send(Self.datagram(node.frame([3, 103, 1, 16], isConfirmed: true)), to: port)
        // Refused once, then stored.
        #expect(Eventually.holds(within: .seconds(30)) { before.withLock { $0.count >= 2 } })
        try forwarder.send(Self.datagram(node.frame([3, 103, 1, 17], isConfirmed: true)), to: port)
        #expect(Eventually.holds(within: .seconds(30)) { forwarder.downlinkCount == 1 })
        #expect(before.withLock { $0 } == [0, 0, 0], "the frame that was refused had its window, and was not answered")
        running.cancel()
        _ = await running.result
    }
}
