import Crypto
import FieldProtocols
import Fleet
import GatewayModel
import GatewayTestKit
import JSONText
import HTTPServer

@testable import Drivers

/// One site with one device, driven by hand.
struct LoRaWorld {
    static let gateway = LoRaEUI(0x0016_C001_FF10_A235)
    static let station = LoRaEUI(0x0016_C001_FF10_A237)
    static let other = LoRaEUI(0x0016_C001_FF10_A236)

    var node = SimulatedLoRaNode(seed: 7)
    var site: LoRaSite
    var batch = ObservationBatch()
    var milliseconds: Int64 = 1_000
    var isTrusted = true
    let queue = Queue()

    final class Queue: @unchecked Sendable {
        // One test, one thread.
        var waiting: [DeviceCommand] = []
        var reports: [(id: String, state: DeviceCommand.State, result: String?)] = []
        var kept: [DeviceID: FrameCounters.Kept] = [:]
    }

    init(region: LoRaRegion = .eu868, isAcknowledged: Bool = true, leapSeconds: Int64 = 18) {
        let queue = queue
        site = LoRaSite(
            LoRaConfiguration(
                forwarders: .init(
                    listen: DatagramPeer(host: "127.0.0.1", port: 0)!, gateways: [Self.gateway, Self.other]),
                stations: .init(
                    listen: .tcp(host: "127.0.0.1", port: 0), gateways: [Self.station], plan: .standard(region)),
                devices: [
                    .init(
                        eui: node.eui, address: node.address, networkKey: node.networkKey,
                        applicationKey: node.applicationKey, isAcknowledged: isAcknowledged)
                ], region: region, leapSeconds: leapSeconds),
            commands: CommandSource(
                waiting: { device in queue.waiting.filter { $0.device == device } },
                report: { id, state, result in
                    queue.waiting.removeAll { $0.id == id }
                    queue.reports.append((id, state, result))
                    return true
                }),
            counters: FrameCounters(
                kept: { queue.kept[$0] ?? .init(up: nil, down: 0) },
                keep: {
                    queue.kept[$0] = $1; return true
                }),
            profile: { _, _, _, _, _ in nil }, firstToken: 1)
    }

    var now: ReceiveTime {
        ReceiveTime(
            wall: Timestamp(milliseconds: 1_777_889_731_000 + milliseconds, trusted: isTrusted),
            monotonicMilliseconds: milliseconds)
    }

    static let peer = DatagramPeer(host: "192.0.2.7", port: 40_000)!

    mutating func datagram(_ bytes: [UInt8], from peer: DatagramPeer = LoRaWorld.peer) -> [LoRaSite.Action] {
        bytes.withUnsafeBytes { site.receive($0, from: peer, at: now, into: &batch) }
    }

    mutating func push(
        _ frame: [UInt8], by gateway: LoRaEUI = LoRaWorld.gateway, rssi: Int = -57, snr: Double = 9.5,
        megahertz: Double = 868.5, rate: String = "SF7BW125"
    ) -> [LoRaSite.Action] {
        let json =
            #"{"rxpk":[{"tmst":4294000000,"freq":\#(megahertz),"stat":1,"modu":"LORA","datr":"\#(rate)","codr":"4/5","#
            + #""rssi":\#(rssi),"lsnr":\#(snr),"data":"\#(Base64.encode(frame))"}]}"#
        return datagram(SemtechPacket.fromGateway(.pushData, token: 9, gateway: gateway, json: Array(json.utf8)))
    }

    mutating func pass(_ milliseconds: Int64) -> [LoRaSite.Action] {
        self.milliseconds += milliseconds
        return site.tick(now, into: &batch)
    }

    func value(_ metric: String) -> Reading.Value? {
        batch.readings.last { $0.metric.text == metric }?.value
    }

    func command(
        _ id: String, _ name: String = "send_payload", for device: String, _ params: String
    ) -> DeviceCommand {
        DeviceCommand(
            id: id, device: DeviceID(device)!, name: name, params: params, origin: "cli", state: .queued,
            result: nil, created: now.wall, expires: now.wall)
    }

    /// A station's `updf` of a frame, as DR and hertz.
    mutating func station(
        _ frame: [UInt8], rssi: Int = -57, snr: Double = 9.5, rate: Int = 5, hertz: Int = 868_500_000,
        xtime: Int64 = 40_250_921_680_313_459, gps: Int64 = 0, connection: UInt64 = 1
    ) -> [LoRaSite.Action] {
        func signed(_ bytes: ArraySlice<UInt8>) -> Int32 {
            Int32(bitPattern: bytes.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
        }
        let options = Int(frame[5] & 15)
        let body = frame[(8 + options)..<(frame.count - 4)]
        return tell(
            #"{"msgtype":"updf","MHdr":\#(frame[0]),"DevAddr":\#(signed(frame[1..<5])),"FCtrl":\#(frame[5]),"FCnt":\#(Int(frame[6]) | Int(frame[7]) << 8),"#
                + #""FOpts":"","FPort":\#(body.first.map { Int($0) } ?? -1),"FRMPayload":"\#(Hex.encode(body.dropFirst()))","#
                + #""MIC":\#(signed(frame.suffix(4))),"DR":\#(rate),"Freq":\#(hertz),"upinfo":{"rctx":2,"xtime":\#(xtime),"#
                + #""gpstime":\#(gps),"rssi":\#(rssi),"snr":\#(snr)}}"#, connection: connection)
    }

    mutating func tell(_ message: String, connection: UInt64 = 1) -> [LoRaSite.Action] {
        site.receive(.text(Array(message.utf8)), from: Self.station, connection, at: now, into: &batch)
    }

    mutating func connect(_ connection: UInt64 = 1) -> [LoRaSite.Action] {
        site.opened(connection, Self.station, address: "192.0.2.9", at: now)
    }

    /// What stations are told.
    static func told(_ actions: [LoRaSite.Action]) throws -> [JSON] {
        try whole(actions).compactMap { if case .tell(let text, _) = $0 { try JSON(parsing: text) } else { nil } }
    }

    static func sent(_ actions: [LoRaSite.Action]) -> [(bytes: [UInt8], peer: DatagramPeer)] {
        whole(actions).compactMap { if case .send(let bytes, let peer) = $0 { (bytes, peer) } else { nil } }
    }

    /// With what waits for the commit, as if that were done.
    private static func whole(_ actions: [LoRaSite.Action]) -> [LoRaSite.Action] {
        actions.map { if case .afterCommit(let action) = $0 { action } else { $0 } }
    }

    /// Whether nothing is sent to anybody.
    static func isSilent(_ actions: [LoRaSite.Action]) -> Bool {
        actions.allSatisfy {
            switch $0 {
            case .send, .tell, .afterCommit: false
            case .hangUp, .sighted, .report: true
            }
        }
    }

    static func bytes(_ hex: JSON?) -> [UInt8] { Hex.decode(hex?.string ?? "") ?? [] }
}
