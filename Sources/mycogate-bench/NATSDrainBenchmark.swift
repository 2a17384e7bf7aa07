import GatewayTestKit
import Glibc
import NATS

/// A backlog that drains to NATS JetStream: one server, a cluster of three, and a stream shared with others.
enum NATSDrainBenchmark {
    static let recordCount = 200_000
    /// One a round trip: fewer are enough to know the rate.
    static let sharedRecordCount = 10_000
    static let rateMin = 20_000.0

    static let benchmark = Benchmark(name: "drain-nats") {
        let single = try NATSServerProcess()
        let alone = try drain(recordCount, [single.url], "")
        let sharing = try NATSServerProcess()
        let shared = try drain(sharedRecordCount, [sharing.url], "", sharesStream: true)
        let cluster = try NATSCluster()
        let replicated = try drain(recordCount, cluster.urls, ", replicas: 3")
        return [
            result("one server", alone.rate, rateMin, alone.resident),
            result("three servers, three replicas", replicated.rate, rateMin, replicated.resident),
            result("one server, a stream shared with others", shared.rate, 200, shared.resident),
        ]
    }

    private static func result(_ what: String, _ rate: Double, _ budget: Double, _ resident: Int) -> BenchResult {
        BenchResult(
            figure: "\(Measure.text(rate, digits: 0)) records/s", budget: "≥ \(Measure.text(budget, digits: 0))",
            detail: "\(what); gateway at most \(resident >> 20) MiB resident", isKept: rate >= budget)
    }

    /// Records a second from the first to the last that is stored.
    private static func drain(
        _ count: Int, _ servers: [String], _ options: String, sharesStream: Bool = false
    ) throws -> (rate: Double, resident: Int) {
        let stream = sharesStream ? "ALL" : "mycogate-gw-test-1"
        let outside = try open(servers[0])
        if sharesStream { _ = try outside.create(StreamPlan(name: stream, subjects: ["mycogate.>"])) }
        let others = servers.dropFirst().map { #""\#($0)""# }.joined(separator: ", ")
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(),
            sections: """
                sync: {destinations: [{name: hub, kind: nats, url: "\(servers[0])", servers: [\(others)],
                       jetstream: {name: \(stream)\(options)}}]}
                """)
        try Prefill.readings(count, dataDirectory: gateway.dataDirectory)
        try gateway.launch()
        var first: (count: UInt64, at: Double)?
        var resident = 0
        let end = Measure.seconds() + 120
        while Measure.seconds() < end {
            usleep(20_000)
            resident = max(resident, gateway.residentBytes)
            let stored = try outside.stream(stream)?.messages ?? 0
            if stored > 0, first == nil { first = (stored, Measure.seconds()) }
            guard stored >= UInt64(count), let first else { continue }
            gateway.stop()
            return (Double(stored - first.count) / (Measure.seconds() - first.at), resident)
        }
        throw BenchError("the backlog did not drain: \(gateway.log.suffix(2_000))")
    }

    /// A cluster answers when it has a leader.
    private static func open(_ url: String) throws -> NATSConnection {
        var failure = NATSError.noResponders
        for _ in 0..<1_000 {
            do throws(NATSError) {
                let connection = try NATSConnection(NATSSettings(), address: url, onArrival: {})
                _ = try connection.stream("none")
                return connection
            } catch {
                failure = error
                usleep(20_000)
            }
        }
        throw failure
    }
}
