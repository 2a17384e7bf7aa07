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
            result("one server", alone, rateMin), result("three servers, three replicas", replicated, rateMin),
            result("one server, a stream shared with others", shared, 200),
        ]
    }

    private struct Drain {
        var rate: Double
        /// Resident memory of the gateway when a quarter was stored, and at the end.
        var early: Int
        var late: Int
        /// Of a message in the stream.
        var byteCount: UInt64
    }

    private static func result(_ what: String, _ drain: Drain, _ budget: Double) -> BenchResult {
        BenchResult(
            figure: "\(Measure.text(drain.rate, digits: 0)) records/s", budget: "≥ \(Measure.text(budget, digits: 0))",
            detail:
                "\(what); \(drain.byteCount) bytes a record; gateway \(drain.early >> 10) KiB resident at a quarter, "
                + "\(drain.late >> 10) at the end", isKept: drain.rate >= budget)
    }

    /// From the first record to the last that is stored.
    private static func drain(
        _ count: Int, _ servers: [String], _ options: String, sharesStream: Bool = false
    ) throws -> Drain {
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
        var early: Int?
        let end = Measure.seconds() + 120
        while Measure.seconds() < end {
            usleep(20_000)
            let found = try outside.stream(stream)
            let stored = found?.messages ?? 0
            if stored >= UInt64(count / 4), early == nil { early = gateway.residentBytes }
            if stored > 0, first == nil { first = (stored, Measure.seconds()) }
            guard stored >= UInt64(count), let first else { continue }
            let rate = Double(stored - first.count) / (Measure.seconds() - first.at)
            let late = gateway.residentBytes
            gateway.stop()
            return Drain(rate: rate, early: early ?? late, late: late, byteCount: (found?.bytes ?? 0) / stored)
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
