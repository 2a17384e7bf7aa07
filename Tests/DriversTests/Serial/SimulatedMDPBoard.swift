import FieldProtocols
import GatewayTestKit

/// What a MycoBrain with the MDP firmware (g11) sends.
struct SimulatedMDPBoard {
    let pair: PtyPair
    var reportedID = "mycobrain-1db410"
    private var seq: UInt32 = 0

    init(reportedID: String = "mycobrain-1db410") throws {
        pair = try PtyPair()
        self.reportedID = reportedID
    }

    mutating func nextSeq() -> UInt32 {
        seq += 1
        return seq
    }

    mutating func sayHello() {
        send(
            .hello,
            """
            {"device_id":"\(reportedID)","firmware_version":"side-a-mdp-2.1.0","role":"mushroom1",\
            "sensors":["bme688_a","bme688_b"],"capabilities":["i2c","telemetry","estop"]}
            """)
    }

    mutating func answerHello(_ seq: UInt32) {
        pair.send(frame(.hello, "{\"device_id\":\"\(reportedID)\"}", ack: seq))
    }

    /// Sends a reading whose uptime in seconds is `marker`; returns its sequence number.
    @discardableResult
    mutating func sendTelemetry(marker: Int) -> UInt32 {
        pair.send(telemetry(marker: marker))
        return seq
    }

    mutating func telemetry(marker: Int, flags: MDPFlags = []) -> [UInt8] {
        frame(
            .telemetry,
            """
            {"type":"telemetry","uptime_s":\(marker),"estop":false,"analog":{"ai1":0,"ai2":0},"bme688":{}}
            """, flags: flags)
    }

    mutating func answer(_ seq: UInt32, success: Bool = true, message: String) {
        pair.send(
            frame(
                .ack, "{\"success\":\(success),\"message\":\"\(message)\"}", ack: seq, flags: success ? .isAck : .isNack
            ))
    }

    mutating func send(_ type: MDPMessageType, _ payload: String) { pair.send(frame(type, payload)) }

    private mutating func frame(
        _ type: MDPMessageType, _ payload: String, ack: UInt32 = 0, flags: MDPFlags = []
    ) -> [UInt8] {
        let header = MDPHeader(
            type: type, seq: nextSeq(), ack: ack, flags: flags, source: .sideA, destination: .gateway)
        return MDPEncoder.encode(header, payload: Array(payload.utf8))
    }

    /// The commands the gateway sends, read until one of `name` comes; nil if it does not.
    func receiveCommand(_ name: String) -> (header: MDPHeader, payload: String)? {
        receiveFrame { $0.type == .command && $1.contains("\"\(name)\"") }
    }

    /// The frames the gateway sends, read until a wanted one comes; nil if it does not.
    ///
    /// As the firmware does, CR and LF clear the receive buffer.
    func receiveFrame(
        within limit: Duration = .seconds(5), _ isWanted: (MDPHeader, String) -> Bool
    ) -> (header: MDPHeader, payload: String)? {
        var buffer: [UInt8] = []
        while true {
            let bytes = pair.receive(within: limit)
            if bytes.isEmpty { return nil }
            for byte in bytes {
                switch byte {
                case 0x0A, 0x0D: buffer.removeAll()
                case 0:
                    defer { buffer.removeAll() }
                    guard let frame = Self.decode(buffer) else { continue }
                    if isWanted(frame.header, frame.payload) { return frame }
                default: buffer.append(byte)
                }
            }
        }
    }

    private static func decode(_ encoded: [UInt8]) -> (header: MDPHeader, payload: String)? {
        guard !encoded.isEmpty else { return nil }
        var scratch = [UInt8](repeating: 0, count: encoded.count)
        return scratch.withUnsafeMutableBytes { scratch in
            encoded.withUnsafeBytes { encoded in
                // try? is right here: what is no frame is skipped, as a board does.
                guard let frame = try? MDPFrame(encoded: encoded, scratch: scratch) else { return nil }
                return (frame.header, String(decoding: frame.payload, as: UTF8.self))
            }
        }
    }
}
