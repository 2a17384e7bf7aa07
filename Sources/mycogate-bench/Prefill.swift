import EventLoop
import GatewayModel
import Journal
import SQLite

/// Writes journals for benchmarks that begin with a full one, without a daemon.
enum Prefill {
    static func readings(_ count: Int, dataDirectory: String) throws {
        try fill(dataDirectory) { written, _ in written < count }
    }

    static func bytes(_ count: Int, dataDirectory: String) throws {
        try fill(dataDirectory) { _, bytes in bytes < count }
    }

    private static func fill(_ dataDirectory: String, while goOn: (_ written: Int, _ bytes: Int) -> Bool) throws {
        let state = try Database(path: dataDirectory + "/state.db")
        try state.migrate(Journal.migrations)
        var seed: UInt64 = 1
        let configuration = Journal.Configuration(
            dataDirectory: dataDirectory, boot: "bench", entropy: { 1 }, maxBytes: 16 << 30)
        let journal = try Journal.open(configuration, state: state, clock: SystemClock())
        defer { journal.close() }
        let metrics = (0..<8).compactMap { MetricName("bench.metric\($0)") }
        let devices = (0..<20).compactMap { DeviceID("bench-\($0)").flatMap { DeviceName($0) } }
        let clock = SystemClock()
        var batch = ObservationBatch()
        var written = 0
        while goOn(written, Measure.byteCount(of: dataDirectory + "/journal")) {
            batch.removeAll()
            let now = clock.now()
            for _ in 0..<1_000 {
                for metric in metrics {
                    seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    batch.append(Reading(metric, .number(Double(seed >> 50) / 100), unit: .celsius))
                }
                var observation = Observation(device: devices[written % 20], received: now, source: .mqtt)
                observation.deviceSeq = UInt32(written / 20)
                observation.payloadHash = seed
                batch.append(observation)
                written += 1
            }
            _ = try journal.append(batch)
        }
    }
}
