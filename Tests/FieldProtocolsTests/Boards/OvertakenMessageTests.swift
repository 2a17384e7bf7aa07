import FieldProtocols
import GatewayModel
import Testing

@Suite struct OvertakenMessageTests {
    @Test func aFrameSentAgainWithItsOldUptimeIsNoBoot() {
        var board = HeardBoard()
        for seq in 41...43 as ClosedRange<UInt32> { board.hear(BoardFrames.telemetry(seq, uptime: Int(seq))) }
        board.hear(BoardFrames.telemetry(42, uptime: 42) + BoardFrames.telemetry(44, uptime: 44))
        #expect(board.observations.map(\.bootEvidence).allSatisfy { $0 != .announced })
        #expect(board.gaps.isEmpty)
        #expect(board.decoder.counters.repeatedFrames == 1)
    }

    @Test func aLineThatWasOvertakenIsLateAndNoBoot() {
        var board = HeardBoard()
        for seq in [1, 2, 5, 4, 6] {
            board.hear(
                #"{"type":"tele","seq":\#(seq),"t_ms":\#(2000 * seq + 2000),"uptime_s":\#(2 * seq + 2),"temperature":21.5}"#
            )
        }
        #expect(board.observations.map(\.bootEvidence).allSatisfy { $0 != .announced })
        #expect(board.decoder.counters.lateFrames == 1)
        #expect(board.decoder.counters.missingFrames == 1)
    }

    @Test func theSameNumberWithAnotherUptimeIsABootStill() {
        var board = HeardBoard()
        for seq in 2...6 as ClosedRange<UInt32> { board.hear(BoardFrames.telemetry(seq, uptime: 10 * Int(seq))) }
        board.hear(BoardFrames.telemetry(3, uptime: 21))
        #expect(board.observations.last?.bootEvidence == .announced)
    }
}
