import GatewayTestKit
import Glibc
import HTTPClient
import JSONText
import Testing

/// A board on a serial port while the gateway is killed: nothing is sent again, so what was not committed is a gap.
@Suite(.serialized) struct SerialCrashTests {
    @Test func noFrameIsDoubledAndTheGapsAreWhatTheBoardSentInVain() throws {
        let board = try SimulatedBoard(MDPBoard(faults: BoardFaults(), seed: 3), measuring: .onDemand)
        // A link, as on a real box: the number behind it can be another program's soon after.
        let folder = try TemporaryFolder()
        try board.cable.link(at: folder.file("board"))
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(),
            sections: "serial: {ports: [{path: \(folder.file("board")), driver: mycobrain}]}")
        #expect(try gateway.start(), "\(gateway.log)")
        var random = SeededRandom(seed: 11)
        for _ in 0..<10 {
            #expect(Eventually.holds { board.isListened })
            measure(board, 10 + Int(random.next() % 20))
            gateway.kill()
            measure(board, 1 + Int(random.next() % 6))
            #expect(try gateway.start(), "\(gateway.log)")
        }
        #expect(Eventually.holds { board.isListened })
        measure(board, 5)
        let made = board.ledger.entries.compactMap(\.seq)
        #expect(Eventually.holds { (try? stored(gateway).last) == made.last })

        let kept = try stored(gateway)
        let ports = gateway.get("/ports").map { String(decoding: $0.body, as: UTF8.self) } ?? "none"
        try #require(!kept.isEmpty, "ports: \(ports)")
        #expect(Set(kept).count == kept.count, "no frame is doubled")
        #expect(Set(kept).isSubset(of: Set(made)))
        let lost = Set(made).subtracting(kept)
        #expect(board.ledger.count(of: .unheard) >= 10)
        let gaps = try gateway.records(of: "events").filter { $0["kind"]?.string == "sequence_gap" }.flatMap { event in
            let from = event["body"]?["from"]?.int ?? 0
            return (from...(event["body"]?["to"]?.int ?? from)).compactMap { UInt32(exactly: $0) }
        }
        #expect(Set(gaps).count == gaps.count, "no number is reported twice")
        #expect(Set(gaps).isDisjoint(with: kept))
        // Answers take numbers too; of the measurements exactly those are reported that are not there. Whether the ones
        // before the first that was kept are among them depends on whether a HELLO before them was.
        let reported = Set(gaps).intersection(made)
        #expect(reported.isSubset(of: lost))
        #expect(reported.isSuperset(of: lost.filter { $0 > kept[0] }))
        gateway.stop()
    }

    private func measure(_ board: SimulatedBoard, _ count: Int) {
        for _ in 0..<count {
            board.measure()
            // A board's measurements are apart in time; nothing is waited for.
            usleep(2_000)
        }
    }

    /// Device sequences in the order of storing.
    private func stored(_ gateway: GatewayProcess) throws -> [UInt32] {
        try gateway.records(of: "readings").compactMap { $0["device_seq"]?.int.flatMap { UInt32(exactly: $0) } }
    }
}
