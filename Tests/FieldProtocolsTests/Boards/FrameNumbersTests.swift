import JSONText
import Testing

@testable import FieldProtocols

/// A board of the binary generation as strict as its firmware: it counts on by one alone (reference, section 1.7).
private struct StrictBoard {
    /// Everything up to here has arrived in order.
    var arrived: UInt32 = 0
    var headers: [MDPHeader] = []
    var payloads: [[UInt8]] = []

    mutating func receive(_ bytes: [UInt8]) throws {
        for piece in bytes.split(separator: 0) {
            var scratch = [UInt8](repeating: 0, count: piece.count + 8)
            try Array(piece).withUnsafeBytes { encoded in
                try scratch.withUnsafeMutableBytes { scratch in
                    let frame = try MDPFrame(encoded: encoded, scratch: scratch)
                    headers.append(frame.header)
                    payloads.append(Array(frame.payload))
                    if frame.header.seq == arrived + 1 { arrived += 1 }
                }
            }
        }
    }
}

@Suite struct FrameNumbersTests {
    private var binary: BoardTraits {
        var traits = BoardTraits()
        traits.speaksBinary = true
        traits.build = .sideA
        return traits
    }

    @Test func commandsAndReceiptsToABinaryBoardLeaveNoNumberOut() throws {
        var session = BoardSession(firstSeq: 1)
        var board = StrictBoard()
        for round in 0..<300 {
            let now = Int64(round) * 50
            try board.receive(session.receipt(upTo: UInt32(round), for: .sideA, traits: binary, now: now))
            session.submit(BoardCommand(id: "c-\(round)", name: "scan"))
            var output: [UInt8] = []
            _ = session.advance(now: now, generation: .g9, traits: binary, into: &output)
            try board.receive(output)
            session.receive(
                BoardAnswer(kind: .acknowledgement, command: "2", success: true, message: "", raw: ""), now: now)
        }
        #expect(board.headers.map(\.seq) == Array(1...600))
        #expect(board.arrived == 600)
        #expect(board.headers.count { $0.type == .ack && $0.flags == .isAck } == 300)
    }

    @Test func aBoardOfAnotherCountIsFollowed() throws {
        var session = BoardSession(firstSeq: 7_000)
        var board = StrictBoard(arrived: 41)
        var now: Int64 = 0
        for round in 0..<20 {
            now += 2_000
            // It boots, and begins anew.
            if round == 10 { board.arrived = 0 }
            session.arrived(upTo: board.arrived)
            try board.receive(session.receipt(upTo: UInt32(round), for: .sideA, traits: binary, now: now))
            // What it had told before it heard of that is no reason to begin anew.
            session.arrived(upTo: board.arrived &- 1)
            try board.receive(session.receipt(upTo: UInt32(round), for: .sideA, traits: binary, now: now + 5))
        }
        #expect(board.headers.map(\.seq) == Array(42...61) + Array(1...20))
        #expect(board.arrived == 20)
    }

    @Test func aLostFrameDoesNotEndTheTalkWithABoardThatIsNeverQuiet() throws {
        var session = BoardSession(firstSeq: 1)
        var board = StrictBoard()
        for round in 0..<100 {
            session.arrived(upTo: board.arrived)
            let now = Int64(round) * 100
            let bytes = session.receipt(upTo: UInt32(round) + 1, for: .sideA, traits: binary, now: now)
            if round != 10 { try board.receive(bytes) }
        }
        #expect(board.headers.last?.seq == board.arrived && board.arrived == 85)
    }

    @Test func aLostCommandIsSentAgainUnderItsNumber() throws {
        var session = BoardSession(firstSeq: 1)
        var board = StrictBoard()
        session.submit(BoardCommand(id: "c", name: "ping"))
        for round in 0..<3 {
            var output: [UInt8] = []
            _ = session.advance(now: Int64(round) * 1_500, generation: .g9, traits: binary, into: &output)
            if round == 2 { try board.receive(output) }
        }
        #expect(board.headers.map(\.seq) == [1] && board.arrived == 1)
    }

    @Test func aBoardThatClearsItsInputAtALineEndIsSentNone() throws {
        var session = BoardSession(firstSeq: 1)
        var traits = binary
        traits.speaksBinary = false
        for seq in 1...2_000 as ClosedRange<UInt32>
        where ![10, 13].contains(seq & 0xFF) && ![10, 13].contains(seq >> 8) {
            let wire = session.receipt(upTo: seq, for: .sideA, traits: traits, now: Int64(seq))
            #expect(!wire.contains { $0 == 0x0A || $0 == 0x0D })
        }
        // The number that is acknowledged holds one itself: the receipt leaves nevertheless.
        var board = StrictBoard()
        try board.receive(session.receipt(upTo: 10, for: .sideA, traits: traits, now: 0))
        #expect(board.headers.map(\.ack) == [10] && board.payloads == [[]])
    }

    @Test func thePackedContentOfACommandIsNotChanged() throws {
        var session = BoardSession(firstSeq: 1)
        var board = StrictBoard()
        var output: [UInt8] = []
        // Its id is 10, which is a line's end, and was sent as 32: a tone.
        session.submit(BoardCommand(id: "c-1", name: "role", params: ["role": "r\r\n"]))
        session.submit(BoardCommand(id: "c-2", name: "set_device_role", params: ["role": "hyphae1"]))
        for now in [0, 10_000, 20_000] as [Int64] {
            _ = session.advance(now: now, generation: .g9, traits: binary, into: &output)
        }
        try board.receive(output)
        #expect(board.payloads.contains([10, 0, 7, 0] + Array("hyphae1".utf8)))
        #expect(board.payloads.allSatisfy { $0.first == 10 })
    }

    @Test func whatABoardHasReceivedIsNoAnswer() {
        var session = BoardSession(firstSeq: 1)
        var output: [UInt8] = []
        session.submit(BoardCommand(id: "c-1", name: "output", params: ["id": "mosfet1", "value": 1]))
        _ = session.advance(now: 0, generation: .g9, traits: binary, into: &output)
        session.receive(
            BoardAnswer(kind: .telemetry, ackSeq: 1, source: .sideA, success: true, message: "", raw: ""), now: 100)
        #expect(session.advance(now: 1_000, generation: .g9, traits: binary, into: &output).isEmpty)
    }
}
