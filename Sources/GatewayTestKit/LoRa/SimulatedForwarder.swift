internal import CLinux
internal import Crypto
internal import Drivers
public import FieldProtocols
internal import Glibc
internal import JSONText

/// A LoRa gateway with a Semtech packet forwarder, over real UDP. Used from one thread.
public final class SimulatedForwarder {
    public let eui: LoRaEUI
    private let socket: DatagramSocket
    private let server: DatagramPeer
    private var token: UInt16 = 1
    private var counter: UInt32 = 1_000_000
    /// Packets handed over, and acknowledgements that came.
    public private(set) var pushed = 0
    public private(set) var acknowledged = 0
    /// Downlinks that it was told to send.
    public private(set) var downlinks: [SemtechDownlink] = []

    /// Reports to a server on this machine.
    public init(eui: LoRaEUI, port: Int) throws {
        self.eui = eui
        guard let own = DatagramPeer(host: "127.0.0.1", port: 0),
            let server = DatagramPeer(host: "127.0.0.1", port: port)
        else { preconditionFailure("loopback is an address") }
        self.server = server
        socket = try DatagramSocket(listeningOn: own)
    }

    /// Opens the way for downlinks, as forwarders do every ten seconds.
    public func pull() { send(.pullData, []) }

    /// Hands over what was heard.
    public func push(_ frame: [UInt8], rssi: Int = -57, snr: Double = 9.5, isDamaged: Bool = false) {
        counter &+= 250_000
        let packet: JSON = [
            "tmst": .integer(Int64(counter)), "chan": 2, "rfch": 1, "freq": 868.5, "stat": isDamaged ? -1 : 1,
            "modu": "LORA", "datr": "SF7BW125", "codr": "4/5", "rssi": .integer(Int64(rssi)), "lsnr": .number(snr),
            "size": .integer(Int64(frame.count)), "data": .string(Base64.encode(frame)),
        ]
        send(.pushData, JSON.object([.init(key: "rxpk", value: [packet])]).bytes)
        pushed += 1
    }

    /// Reports its statistics.
    public func report() {
        send(
            .pushData,
            Array(
                #"{"stat":{"time":"2026-05-04 10:15:30 GMT","lati":52.52,"long":13.405,"alti":34,"rxnb":12,"rxok":11,"rxfw":11,"ackr":100.0,"dwnb":1,"txnb":1}}"#
                    .utf8))
    }

    /// Takes what the server has sent, answering downlinks with `failure`, or well; waits until there is something.
    public func receive(within limit: Duration = .milliseconds(0), failure: String? = nil) {
        var entry = pollfd(fd: socket.fileDescriptor, events: Int16(POLLIN), revents: 0)
        guard
            poll(
                &entry, 1,
                Int32(clamping: limit.components.seconds * 1_000 + limit.components.attoseconds / 1_000_000_000_000_000)
            ) > 0
        else { return }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
        defer { buffer.deallocate() }
        while let (count, _) = socket.receive(into: buffer) {
            // A server that sends nonsense is no server.
            guard let packet = try? SemtechPacket(UnsafeRawBufferPointer(rebasing: buffer[..<count])) else { continue }
            switch packet.kind {
            case .pushAck, .pullAck: acknowledged += 1
            case .pullResponse: transmit(packet, failure)
            case .pushData, .pullData, .transmitAck: break
            }
        }
    }

    private func transmit(_ packet: SemtechPacket, _ failure: String?) {
        let message = try? SemtechMessage(packet, parser: JSONParser())  // else it is told nothing
        guard let downlink = message?.downlink else { return }
        downlinks.append(downlink)
        let answer = #"{"txpk_ack":{"error":"\#(failure ?? "NONE")"}}"#
        let bytes = SemtechPacket.fromGateway(
            .transmitAck, token: packet.token, gateway: eui, json: Array(answer.utf8))
        socket.send(bytes, to: server)
    }

    private func send(_ kind: SemtechPacket.Kind, _ json: [UInt8]) {
        token &+= 1
        socket.send(SemtechPacket.fromGateway(kind, token: token, gateway: eui, json: json), to: server)
    }
}
