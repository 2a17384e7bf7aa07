import GatewayTestKit
import Glibc

/// The gateway of the outage: its destinations are addresses where nobody listens yet.
final class Outage {
    static let stream = "mycogate-gw-test-1"

    let gateway: GatewayProcess
    let collectorPort: UInt16
    let natsPort: Int
    private let broker: BrokerProcess
    private let publisher: LoadPublisher
    private var alarmCount = 0

    /// What a phase of it showed.
    struct Phase {
        var rate = 0.0
        var memory = MemoryCourse()
        /// Seconds from the publication of an alarm to its arrival upstream.
        var alarms: [Double] = []

        func result(_ detail: String) -> BenchResult {
            BenchResult(
                figure: "\(Measure.text(Double(memory.growth) / 1_048_576, digits: 1)) MiB growth after a twentieth",
                budget: "≤ 2 MiB",
                detail: "\(detail); at most \(memory.early >> 10) KiB before, \(memory.late >> 10) KiB after",
                isKept: memory.growth <= 2 << 20)
        }

        func rateResult(_ what: String) -> BenchResult {
            BenchResult(
                figure: "\(Measure.text(rate, digits: 0)) records/s drained to \(what)", budget: "≥ 20000",
                detail: "the whole backlog, 8 readings a record", isKept: rate >= 20_000)
        }

        func alarmResult(_ what: String) -> BenchResult {
            let longest = alarms.max() ?? .infinity
            return BenchResult(
                figure: "\(Measure.text(longest * 1_000, digits: 0)) ms for an alarm to overtake to \(what)",
                budget: "≤ 1000", detail: "published by a device, worst of \(alarms.count)", isKept: longest <= 1)
        }
    }

    init() throws {
        broker = try BrokerProcess(settings: IntakeBenchmark.brokerSettings)
        let down = try (0..<3).map { _ in try LoopbackPort.free() }
        collectorPort = UInt16(down[1])
        natsPort = down[2]
        gateway = try GatewayProcess(
            binary: GatewayProcess.built(),
            sections: """
                mqtt: {broker: "\(broker.url)"}
                journal: {max_bytes: 16GiB}
                sync:
                  destinations:
                    - {name: mas, kind: mas, url: "http://127.0.0.1:\(down[0])"}
                    - {name: lake, kind: http, url: "http://127.0.0.1:\(down[1])", streams: [readings, events]}
                    - {name: hub, kind: nats, url: "nats://127.0.0.1:\(down[2])", streams: [readings, events],
                       jetstream: {max_bytes: 1GiB, discard: old}}
                """)
        guard try gateway.start() else { throw BenchError("the gateway did not start: \(gateway.log)") }
        publisher = try LoadPublisher(port: broker.port, clientID: "bench-publisher")
    }

    /// Publishes `count` messages, no faster than they are stored.
    func fill(_ count: Int, chunk: Int) throws -> Phase {
        var phase = Phase()
        let start = Measure.seconds()
        for first in stride(from: 0, to: count, by: chunk) {
            let range = first..<min(first + chunk, count)
            publisher.publish(range) { (SampleTelemetry.topic($0), SampleTelemetry.payload($0)) }
            let end = Measure.seconds() + 60
            while gateway.storedReadings < range.upperBound {
                guard Measure.seconds() < end else { throw BenchError("not all messages arrived") }
                phase.memory.note(gateway.residentBytes, progress: Double(range.lowerBound) / Double(count))
                usleep(20_000)
            }
            phase.memory.note(gateway.residentBytes, progress: Double(range.upperBound) / Double(count))
        }
        phase.rate = Double(count) / (Measure.seconds() - start)
        return phase
    }

    /// Follows a drain to its end; raises alarms in the middle third of it, one after the other.
    func drain(
        _ count: Int, alarms: Int, delivered: () -> Int, hasCome: (_ alarm: String) -> Bool
    ) throws -> Phase {
        var phase = Phase()
        // Its back-off would cost up to a minute that says nothing of the rate.
        _ = try gateway.tool(["sync", "flush"])
        var first: (count: Int, at: Double)?
        let end = Measure.seconds() + 900
        while true {
            guard Measure.seconds() < end else {
                throw BenchError("the backlog did not drain: \(gateway.log.suffix(2_000))")
            }
            let now = delivered()
            if now > 0, first == nil { first = (now, Measure.seconds()) }
            let progress = Double(now) / Double(count)
            phase.memory.note(gateway.residentBytes, progress: progress)
            if now >= count, let first {
                phase.rate = Double(now - first.count) / (Measure.seconds() - first.at)
                return phase
            }
            if phase.alarms.count < alarms, progress > 0.33 + 0.33 * Double(phase.alarms.count) / Double(alarms) {
                phase.alarms.append(try alarm(hasCome))
            }
            usleep(20_000)
        }
    }

    private func alarm(_ hasCome: (String) -> Bool) throws -> Double {
        alarmCount += 1
        let text = "alarm-\(alarmCount)-"
        let start = Measure.seconds()
        publisher.publish(alarmCount..<alarmCount + 1) { _ in
            (
                "mycosoft/devices/bench-alarm/events",
                Array(#"{"kind":"alarm","source":"bench","detail":"\#(text)"}"#.utf8)
            )
        }
        guard Eventually.holds(within: .seconds(30), { hasCome(text) }) else {
            throw BenchError("the alarm did not come")
        }
        return Measure.seconds() - start
    }
}
