import CLinux
import FieldProtocols
import GatewayTestKit
import Glibc
import Testing

struct SimulatedBoardTests {
    /// Reads from the gateway's end until `condition` holds of everything read.
    private func read(_ descriptor: Int32, until condition: ([UInt8]) -> Bool) -> [UInt8] {
        var all: [UInt8] = []
        _ = Eventually.holds {
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            var bytes = [UInt8](repeating: 0, count: 4096)
            if poll(&entry, 1, 5) > 0 {
                let count = Glibc.read(descriptor, &bytes, bytes.count)
                all += bytes.prefix(max(0, count))
            }
            return condition(all)
        }
        return all
    }

    private func frames(_ bytes: [UInt8]) -> [(MDPHeader, String)] {
        bytes.split(separator: 0).compactMap { chunk in
            // Text glued in front ends with a line feed.
            let encoded = Array(chunk[((chunk.lastIndex(of: 0x0A) ?? chunk.startIndex - 1) + 1)...])
            var scratch = [UInt8](repeating: 0, count: encoded.count + 8)
            return encoded.withUnsafeBytes { encoded in
                scratch.withUnsafeMutableBytes { scratch in
                    guard let frame = try? MDPFrame(encoded: encoded, scratch: scratch) else { return nil }
                    return (frame.header, String(decoding: frame.payload, as: UTF8.self))
                }
            }
        }
    }

    private func command(_ text: String, seq: UInt32) throws -> [UInt8] {
        let header = MDPHeader(
            type: .command, seq: seq, flags: .ackRequested, source: .gateway, destination: .sideA)
        return try #require(MDPEncoder.encodeAvoidingNewlines(header, payload: Array(text.utf8))?.wire)
    }

    @Test func anMDPBoardAnswersAsTheFirmwareDoes() throws {
        var board = MDPBoard()
        _ = board.boot()
        func answers(_ text: String, seq: UInt32) throws -> [String] {
            let output = board.receive(try command(text, seq: seq), uptime: .seconds(5))
            return frames(output.flatMap(\.bytes)).map {
                "\($0.0.type.name) \($0.0.flags.rawValue) \($0.0.ack) \($0.1.prefix(60))"
            }
        }
        #expect(try answers(#"{"cmd":"hello","params":{}}"#, seq: 17)[0].hasPrefix(#"HELLO 0 17 {"device_id""#))
        let read = try answers(#"{"cmd":"read_sensors","params":{}}"#, seq: 18)
        #expect(read[0].hasPrefix(#"TELEMETRY 0 18 {"type":"telemetry","uptime_s":5,"estop":false"#))
        #expect(read[1] == #"ACK 2 18 {"success":true,"message":"telemetry_sent"}"#)
        let stop = try answers(#"{"cmd":"estop"}"#, seq: 19)
        #expect(
            stop == [
                #"EVENT 0 19 {"event":"estop_activated"}"#, #"ACK 2 19 {"success":true,"message":"estop_activated"}"#,
            ])
        let refused = try answers(#"{"cmd":"output_control","params":{"id":"mosfet1","value":1}}"#, seq: 20)
        #expect(refused == [#"ACK 4 20 {"success":false,"message":"estop_active"}"#])
        #expect(
            try answers(#"{"cmd":"nonsense"}"#, seq: 21) == [#"ACK 4 21 {"success":false,"message":"unknown_command"}"#]
        )
        #expect(board.executed.count == 5)
    }

    @Test func aCommandWithALineFeedInsideIsLostAsOnTheBoard() throws {
        var board = MDPBoard()
        _ = board.boot()
        let header = MDPHeader(type: .command, seq: 10, source: .gateway, destination: .sideA)
        let hazard = MDPEncoder.encode(header, payload: Array(#"{"cmd":"hello"}"#.utf8))
        #expect(hazard.contains(0x0A))
        #expect(board.receive(hazard, uptime: .zero).allSatisfy { $0.kind == .talk && frames($0.bytes).isEmpty })
        #expect(board.executed == [])
    }

    @Test func aBoardLosesWhatNobodyListensToAndKnowsIt() throws {
        let board = try SimulatedBoard(MDPBoard(), measuring: .onDemand)
        for _ in 0..<3 { board.measure() }
        #expect(board.ledger.count(of: .unheard) == 3)
        let gateway = clinux_open(board.cable.path, O_RDWR | O_NOCTTY | O_NONBLOCK, 0)
        #expect(board.isListened)
        for _ in 0..<2 { board.measure() }
        let got = frames(read(gateway) { $0.count { $0 == 0 } >= 2 })
        #expect(got.map(\.0.seq) == board.ledger.numbers(of: .sent, boot: 1))
        #expect(got.map(\.0.seq) == [5, 6], "HELLO took 1, three were unheard")
        close(gateway)
        board.measure()
        #expect(board.ledger.numbers(of: .unheard, boot: 1) == [2, 3, 4, 7])
    }

    @Test func aBoardAnswersOverItsCable() throws {
        let board = try SimulatedBoard(MDPBoard(), measuring: .onDemand)
        let gateway = clinux_open(board.cable.path, O_RDWR | O_NOCTTY | O_NONBLOCK, 0)
        defer { close(gateway) }
        let wire = [0] + (try command(#"{"cmd":"hello"}"#, seq: 17))
        #expect(write(gateway, wire, wire.count) == wire.count)
        let got = frames(read(gateway) { $0.contains(0) })
        #expect(got.first?.0.type == .hello)
        #expect(got.first?.0.ack == 17)
        board.stop()
    }

    @Test func lineBoardsNumberAndAnswerAsTheirGenerationDoes() throws {
        var g3 = LineBoard(.g3)
        #expect(g3.boot()[0].bytes.starts(with: "ESP-ROM:".utf8))
        let first = g3.measure(uptime: .seconds(2))
        #expect(first[0].kind == .telemetry(seq: 0))
        #expect(String(decoding: first[0].bytes, as: UTF8.self).hasPrefix(#"{"type":"tele","seq":0,"t_ms":2000,"#))
        let pong = g3.receive(Array("{\"cmd\":\"ping\",\"id\":\"c-2\"}\n".utf8), uptime: .zero)
        #expect(pong[0].bytes == Array("{\"ok\":true,\"id\":\"c-2\",\"pong\":true}\r\n".utf8))
        var g2 = LineBoard(.g2)
        _ = g2.boot()
        #expect(g2.measure(uptime: .seconds(24))[0].kind == .telemetry(seq: nil))
        let ack = g2.receive(Array("mode machine\r\n".utf8), uptime: .milliseconds(14_021))
        #expect(
            ack.map(\.bytes) == [Array("{\"type\":\"ack\",\"cmd\":\"mode\",\"message\":\"ok\",\"ts\":14021}\r\n".utf8)])
    }

    @Test func oneSeedMakesTheSameFaultsAgain() {
        func run() -> [BoardOutput] {
            var board = MDPBoard(
                faults: BoardFaults(gluedText: 0.2, dropped: 0.2, corrupted: 0.2, absentSensor: 0.2), seed: 5)
            return board.boot() + (0..<200).flatMap { board.measure(uptime: .seconds($0)) }
        }
        let (a, b) = (run(), run())
        #expect(a == b)
        #expect(a.contains { if case .dropped = $0.kind { true } else { false } })
        #expect(a.contains { if case .corrupted = $0.kind { true } else { false } })
    }
}
