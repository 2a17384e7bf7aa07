import Drivers
import EventLoop
import FieldProtocols
import GatewayModel
import GatewayTestKit
import Synchronization

/// A thousand points at one second on one bus, with one dead slave among ten.
enum ModbusBenchmark {
    private static let seconds = 15
    static let benchmark = Benchmark(name: "modbus") { [try periods(), frames()] }

    /// When rounds of each slave were stored, in milliseconds.
    private final class Rounds: Sendable {
        let times = Mutex<[String: [Int64]]>([:])
        let readings = Mutex(0)
    }

    private static func periods() throws -> BenchResult {
        let slaves = try ModbusStandIn(units: (1...10).map { UInt8($0) })
        slaves.kill([4])
        let metric = MetricName(known: "bench.point")
        let points = (0..<100).map {
            ModbusPoint(
                name: "p\($0)", table: .input, address: UInt16($0), type: .u16, count: 1, rule: FieldRule(metric))
        }
        let map = ModbusMap(points: points, groups: [.init(name: "", interval: .seconds(1))])
        let devices = (1...10).compactMap { unit in
            DeviceID("slave-\(unit)").map { ModbusDevice(id: $0, unit: UInt8(unit), map: map) }
        }
        let rounds = Rounds()
        let outlets = ModbusBus.Outlets(commit: { batch in
            for observation in batch.observations {
                let at = observation.received.monotonicMilliseconds
                rounds.times.withLock { $0[observation.device.text, default: []].append(at) }
            }
            rounds.readings.withLock { $0 += batch.readings.count }
        })
        let bus = try ModbusBus(
            ModbusBus.Configuration(endpoint: .tcp(host: "127.0.0.1", port: slaves.port), devices: devices),
            outlets: outlets, clock: SystemClock(), seed: 1)
        let wakeup = try Wakeup()
        let stop = StopFlag(wakeup: wakeup)
        try DedicatedThread.start(named: "bench-modbus") { bus.work(until: stop) }
        try Wakeup().wait(timeout: .seconds(seconds))
        stop.set()
        let times = rounds.times.withLock { $0 }
        let periods = times.values.flatMap { times in zip(times.dropFirst(), times).map { $0 - $1 } }.sorted()
        let worst = periods.map { abs($0 - 1_000) }.max() ?? 1_000
        let heard = times.count
        return BenchResult(
            figure: "period off by at most \(worst) ms",
            budget: "≤ 100 ms, 9 of 10 slaves heard",
            detail: "\(rounds.readings.withLock { $0 }) points of \(heard) slaves in \(seconds) s, one slave dead",
            isKept: worst <= 100 && heard == 9)
    }

    /// Answers of eight registers out of a capture.
    private static func frames() -> BenchResult {
        let frame = ModbusCRC.appended(to: [1, 4, 16] + (0..<16).map { UInt8($0) })
        let count = 1_000_000
        var seen = 0
        let start = Measure.seconds()
        frame.withUnsafeBytes { bytes in
            var capture = ModbusCapture()
            for _ in 0..<count { if case .success = capture.nextRTU(bytes).frame { seen += 1 } }
        }
        let rate = Double(seen) / (Measure.seconds() - start)
        return BenchResult(
            figure: "\(Measure.text(rate / 1e6)) M Modbus frames/s", budget: "≥ 1 M/s",
            detail: "\(frame.count) bytes a frame",
            isKept: rate >= 1e6)
    }
}
