import GatewayTestKit
import HTTPClient

/// A central puller that reads a million readings in pages of 10,000 records.
enum PullBenchmark {
    static let recordCount = 125_000
    static let benchmark = Benchmark(name: "pull") {
        let gateway = try GatewayProcess(binary: GatewayProcess.built(), sections: "")
        try Prefill.readings(recordCount, dataDirectory: gateway.dataDirectory)
        guard try gateway.start() else { throw BenchError("the gateway did not start: \(gateway.log)") }
        var settings = ClientSettings()
        settings.answerByteCountMax = 64 << 20
        let client = try HTTPClient(settings)
        let rates = try (0..<3).map { _ in
            let start = Measure.seconds()
            var after = "0"
            var records = 0
            var bytes = 0
            repeat {
                let page = try client.send(
                    ClientRequest(.get, gateway.url + "/api/v1/sync/readings?limit=10000&after=" + after))
                guard page.status == 200, let next = page.header("Mycogate-Next"), next != after else { break }
                after = next
                bytes += page.body.count
                records += page.body.count { $0 == 0x0A }
            } while records < recordCount
            guard records == recordCount else { throw BenchError("\(records) of \(recordCount) records came") }
            return Double(records * 8) / (Measure.seconds() - start)
        }
        let rate = Measure.median(rates)
        return [
            BenchResult(
                figure: "\(Measure.text(rate, digits: 0)) readings/s pulled", budget: "≥ 500000",
                detail: "\(recordCount * 8) readings, pages of 10000 records, median of 3", isKept: rate >= 500_000)
        ]
    }
}
