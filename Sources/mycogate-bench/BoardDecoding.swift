import FieldProtocols
import GatewayModel
import GatewayTestKit

/// How fast the decoder of a serial port is: from bytes to observations, for each kind of message a board sends.
enum BoardDecoding {
    private static let count = 300_000

    static let rows = [
        DecodeRow("sensors") { result("frames with two sensors") { frame(.telemetry, $0, telemetry($0)) } },
        DecodeRow("answers") {
            result("frames with answers") { frame(.ack, $0, #"{"success":true,"message":"telemetry_sent"}"#) }
        },
        DecodeRow("g4") { result("JSON lines (g4)", line(of: .g4)) },
        DecodeRow("g5") { result("JSON lines (g5)", line(of: .g5)) },
        DecodeRow("g1") { result("lines for people (g1)", line(of: .g1)) },
        DecodeRow("g10") { result("FCI lines (g10)", line(of: .g10)) },
    ]

    private static func result(_ name: String, _ message: (Int) -> [UInt8]) -> BenchResult {
        guard let device = DeviceID("board-1").flatMap({ DeviceName($0) }) else { preconditionFailure("a good name") }
        let pieces = (0..<1_000).map(message)
        let wire = pieces.flatMap { $0 }
        let received = ReceiveTime(wall: Timestamp(milliseconds: 0, trusted: true), monotonicMilliseconds: 0)
        var decoder = BoardDecoder()
        decoder.logLinesAllowed = 0
        var batch = ObservationBatch()
        let time = Measure.shortest {
            for _ in 0..<count / 10_000 {
                wire.withUnsafeBytes { bytes in
                    // As much as a read gives.
                    for from in stride(from: 0, to: bytes.count, by: 4_096) {
                        let part = UnsafeRawBufferPointer(rebasing: bytes[from..<min(from + 4_096, bytes.count)])
                        _ = decoder.receive(part, at: received, into: &batch, device: device)
                    }
                }
                batch.removeAll()
            }
        }
        let seen = Int(decoder.counters.frames + decoder.counters.lines)
        let rate = Double(seen / 10) / time
        let bytes = Double(wire.count) * Double(count / 10_000) / time / 1e6
        return BenchResult(
            figure: "\(Measure.text(rate / 1e6)) M \(name)/s, \(Measure.text(bytes, digits: 0)) MB/s",
            budget: "≥ 1 M/s or ≥ 200 MB/s",
            detail: "\(wire.count / 1_000) bytes each, \(decoder.counters.observations) observations",
            isKept: (rate >= 1e6 || bytes >= 200) && seen == count)
    }

    private static func telemetry(_ index: Int) -> String {
        let sensor =
            #"{"temperature_c":22.3999996,"humidity_pct":51.2000008,"pressure_hpa":1013.29999,"gas_ohm":48321,"#
            + #""iaq":52.0999985,"co2_equivalent":612.400024,"voc_equivalent":0.5}"#
        return #"{"type":"telemetry","uptime_s":\#(120 + index),"estop":false,"analog":{"ai1":1204,"ai2":0,"ai3":4095,"#
            + #""ai4":733},"bme688":{"a":\#(sensor),"b":\#(sensor)}}"#
    }

    private static func frame(_ type: MDPMessageType, _ index: Int, _ text: String) -> [UInt8] {
        let header = MDPHeader(type: type, seq: UInt32(index + 1), source: .sideA, destination: .gateway)
        return MDPEncoder.encode(header, payload: Array(text.utf8))
    }

    private static func line(of generation: TextBoard.Generation) -> (Int) -> [UInt8] {
        var board = TextBoard(generation)
        _ = board.boot()
        _ = board.receive(Array("mode machine\n".utf8), uptime: .seconds(1))
        let lines = (0..<1_000).map { board.measure(uptime: .seconds($0))[0].bytes }
        return { lines[$0] }
    }
}
