import GatewayTestKit
import Glibc
import HTTPClient

/// Batches to a collector: how fast a backlog drains, whether slow neighbours slow it, and how soon an alarm overtakes it.
enum DeliveryBenchmark {
    private static let recordCount = 200_000
    static let benchmark = Benchmark(name: "delivery") {
        var alone: [Double] = []
        var ratios: [Double] = []
        for _ in 0..<3 {
            let rate = try drain(slowNeighbours: 0)
            ratios.append(try drain(slowNeighbours: 2) / rate)
            alone.append(rate)
        }
        let rate = Measure.median(alone)
        let ratio = Measure.median(ratios)
        let wait = try overtaking()
        return [
            BenchResult(
                figure: "\(Measure.text(rate, digits: 0)) records/s drained over HTTP", budget: "≥ 20000",
                detail: "\(recordCount) records of 8 readings, batches of 500, parallelism 4, median of 3",
                isKept: rate >= 20_000),
            BenchResult(
                figure: "\(Measure.text(ratio)) × alone beside two slow destinations", budget: "≥ 0.95",
                detail: "each answers after 500 ms, median of 3 pairs", isKept: ratio >= 0.95),
            BenchResult(
                figure: "\(Measure.text(wait * 1_000, digits: 0)) ms for an audit entry to overtake", budget: "≤ 1000",
                detail: "a backlog of \(recordCount) records under 256KiB/s, worst of 10", isKept: wait <= 1),
        ]
    }

    /// Records a second from the first to the last that one collector stored.
    private static func drain(slowNeighbours: Int) throws -> Double {
        let collector = try StandInCollector(keepsLines: false)
        let slow = try (0..<slowNeighbours).map { _ in try StandInCollector(keepsLines: false) }
        for neighbour in slow { neighbour.misbehave(.late(milliseconds: 500)) }
        let sections = ([collector] + slow).enumerated().map {
            "{name: lake-\($0.offset), kind: http, url: \"\($0.element.url)\", streams: [readings]}"
        }
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(),
            sections: "sync: {destinations: [\(sections.joined(separator: ", "))]}\n")
        try Prefill.readings(recordCount, dataDirectory: gateway.dataDirectory)
        try gateway.launch()
        guard collector.wait(until: { $0.storedCount > 0 }) else { throw BenchError("nothing came: \(gateway.log)") }
        let first = collector.withLedger { $0.storedCount }
        let start = Measure.seconds()
        guard collector.wait(limit: .seconds(120), until: { $0.storedCount >= recordCount }) else {
            throw BenchError("\(collector.withLedger { $0.storedCount }) of \(recordCount) records came")
        }
        let rate = Double(recordCount - first) / (Measure.seconds() - start)
        gateway.stop()
        return rate
    }

    /// The longest of ten times from an action that is audited to its arrival, in the middle of a backlog.
    private static func overtaking() throws -> Double {
        let collector = try StandInCollector(keepsLines: true)
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(),
            sections: """
                sync:
                  destinations:
                    - {name: lake, kind: http, url: "\(collector.url)", streams: [readings, audit], bandwidth: 256KiB/s}

                """)
        try Prefill.readings(recordCount, dataDirectory: gateway.dataDirectory)
        try gateway.launch()
        guard collector.wait(until: { $0.storedCount > 0 }) else { throw BenchError("nothing came: \(gateway.log)") }
        var longest = 0.0
        for round in 1...10 {
            let start = Measure.seconds()
            let body = #"{"consumer":"bench","epoch":"\#(try epoch(gateway))","seq":0,"rewind":true}"#
            // The socket of the data folder asks for no token.
            var settings = ClientSettings()
            settings.unixSocketPath = gateway.dataDirectory + "/control.sock"
            let headers = [ClientRequest.Header("Content-Type", "application/json")]
            let request = ClientRequest(
                .post, "http://localhost/api/v1/sync/readings/ack", headers: headers, body: Array(body.utf8))
            let answer = try HTTPClient(settings).send(request)
            guard answer.status == 200 else { throw BenchError("the action was refused: HTTP \(answer.status)") }
            let hasCome = collector.wait(limit: .seconds(30)) { ledger in
                ledger.arrivals.filter { $0.headers["mycogate-stream"] == "audit" }
                    .reduce(0) { $0 + $1.lines.count { $0.contains("cursor_rewound") } } >= round
            }
            guard hasCome else { throw BenchError("the audit entry did not come") }
            longest = max(longest, Measure.seconds() - start)
        }
        guard collector.withLedger({ $0.storedCount }) < recordCount else { throw BenchError("the backlog was gone") }
        gateway.stop()
        return longest
    }

    private static func epoch(_ gateway: GatewayProcess) throws -> String {
        guard let body = gateway.get("/api/v1/sync")?.body,
            let text = String(decoding: body, as: UTF8.self).components(after: #""epoch":""#)
        else { throw BenchError("no epoch") }
        return text
    }
}

extension String {
    /// What stands between `opening` and the next quotation mark.
    fileprivate func components(after opening: String) -> String? {
        split(separator: opening, omittingEmptySubsequences: false).dropFirst().first.map {
            String($0.prefix { $0 != "\"" })
        }
    }
}
