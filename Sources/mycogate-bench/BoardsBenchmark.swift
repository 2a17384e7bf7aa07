import FieldProtocols
import GatewayTestKit
import Glibc

/// The whole gateway with 200 boards on pseudo terminals, each of which sends telemetry ten times a second.
enum BoardsBenchmark {
    private static let boardCount = 200
    private static let rounds = 200
    private static let benchRate = 10

    static let benchmark = Benchmark(name: "boards") {
        let folder = try TemporaryFolder("mycogate-boards")
        let cables = try (0..<boardCount).map { _ in try PtyPair() }
        for (index, cable) in cables.enumerated() { try cable.link(at: folder.file("board-\(index)")) }
        let ports = cables.indices.map { "    - {path: \(folder.file("board-\($0)")), driver: mycobrain}" }
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(), sections: "serial:\n  ports:\n" + ports.joined(separator: "\n"))
        guard try gateway.start() else { throw BenchError("the gateway did not start: \(gateway.log)") }
        // Settled when each has been asked who it is.
        var unasked = Array(cables)
        let areOpen = Eventually.holds(within: .seconds(60)) {
            unasked.removeAll { !$0.receive(within: .zero).isEmpty }
            return unasked.isEmpty
        }
        guard areOpen else { throw BenchError("\(unasked.count) boards were not opened: \(gateway.log)") }
        _ = send(0..<benchRate, to: cables)
        guard let before = gateway.processorSeconds else { throw BenchError("the gateway is gone") }
        let seconds = send(benchRate..<benchRate + rounds, to: cables)
        let expected = boardCount * (rounds + benchRate)
        // A cable that is let go takes along what the gateway has not read yet.
        let isWhole = withExtendedLifetime(cables) {
            Eventually.holds(within: .seconds(30)) { gateway.storedReadings >= expected }
        }
        guard let after = gateway.processorSeconds else { throw BenchError("the gateway is gone") }
        let share = (after - before) / seconds * 100
        return [
            BenchResult(
                figure: "\(Measure.text(share, digits: 1)) % of one core for \(boardCount) boards at \(benchRate) Hz",
                budget: "≤ 25 %",
                detail: "\(gateway.storedReadings) of \(expected) frames of \(frame(1, board: 1).count) bytes stored, "
                    + "the whole daemon",
                isKept: share <= 25 && isWhole)
        ]
    }

    /// Sends these rounds, ten a second, spread over each tenth as boards do that know nothing of each other.
    private static func send(_ rounds: Range<Int>, to cables: [PtyPair]) -> Double {
        let start = Measure.seconds()
        let slices = 20
        for round in rounds {
            for slice in 0..<slices {
                for board in stride(from: slice, to: cables.count, by: slices) {
                    cables[board].send(frame(round, board: board))
                }
                let step = Double((round - rounds.lowerBound) * slices + slice + 1)
                let due = start + step / Double(slices * benchRate)
                let wait = due - Measure.seconds()
                if wait > 0 { usleep(UInt32(wait * 1e6)) }
            }
        }
        return Measure.seconds() - start
    }

    private static func frame(_ round: Int, board: Int) -> [UInt8] {
        let text =
            #"{"type":"telemetry","uptime_s":\#(10 + round / 10),"estop":false,"analog":{"ai1":1204,"ai2":\#(board),"#
            + #""ai3":4095,"ai4":733},"bme688":{"a":{"temperature_c":22.3999996,"humidity_pct":51.2000008,"#
            + #""pressure_hpa":1013.29999,"gas_ohm":48321},"b":{"temperature_c":22.8999996,"humidity_pct":50.7,"#
            + #""pressure_hpa":1013.1,"gas_ohm":51200}}}"#
        let header = MDPHeader(
            type: .telemetry, seq: UInt32(round + 1), source: .sideA, destination: .gateway)
        return MDPEncoder.encode(header, payload: Array(text.utf8))
    }
}
