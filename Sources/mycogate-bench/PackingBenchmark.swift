import Crypto
import GatewayModel
import GatewayTestKit
import Journal
import SQLite

/// What a reading takes in sealed segments: twenty boards that send eight values once a second, as their sensors wander.
enum PackingBenchmark {
    static let messageCount = 400_000
    static let segmentSize: Int64 = 8 << 20
    static let benchmark = Benchmark(name: "packing") {
        try Identity.allCases.map { identity in
            let bytes = try bytesPerReading(identity)
            return BenchResult(
                figure: "\(Measure.text(bytes)) bytes a reading in sealed segments", budget: "≤ \(identity.budget)",
                detail: identity.detail, isKept: bytes <= identity.budget)
        }
    }

    /// How the boards name their messages.
    private enum Identity: CaseIterable {
        case numbered, named

        var budget: Double { 8 }
        var detail: String {
            switch self {
            case .numbered: "8 readings a message, 20 boards at 1 Hz, device seq"
            case .named: "the same with the board's own time and a random UUID as message id"
            }
        }
    }

    private static func bytesPerReading(_ identity: Identity) throws -> Double {
        let folder = try TemporaryFolder("mycogate-bench")
        let state = try Database(path: folder.file("state.db"))
        try state.migrate(Journal.migrations)
        let clock = VirtualClock()
        let configuration = Journal.Configuration(
            dataDirectory: folder.path, boot: "bench", entropy: { 1 }, segmentSize: segmentSize, maxBytes: 16 << 30)
        let journal = try Journal.open(configuration, state: state, clock: clock)
        var boards = (0..<20).map { WanderingBoard(number: $0) }
        for _ in 0..<messageCount / 1_000 {
            var batch = ObservationBatch()
            for index in 0..<1_000 {
                if index % 20 == 0 { clock.advance(by: .seconds(1)) }
                boards[index % 20].measure(into: &batch, at: clock.now(), isNamed: identity == .named)
            }
            _ = try journal.append(batch)
        }
        let last = journal.status(of: .readings).lastSeq
        journal.close()
        let segments = try File.names(in: folder.file("journal/readings")).filter { $0.hasSuffix(".db") }
        guard let newest = segments.last.flatMap({ Int64($0.dropLast(3)) }), segments.count > 1, newest <= last.rawValue
        else { throw BenchError("no segment was sealed") }
        let sealed = Measure.byteCount(of: folder.file("journal/readings"), among: segments.dropLast())
        return Double(sealed) / Double((newest - 1) * 8)
    }
}

/// A board whose values wander as those of sensors do, each with the digits that its sensor gives.
private struct WanderingBoard {
    private let device: DeviceName
    private var random: SeededRandom
    private var seq: UInt32 = 0
    private var values: [Double]

    private static let columns: [(metric: MetricName, unit: Unit, start: Double, step: Double, scale: Double)] = [
        (MetricName(known: "bme688_a.temperature"), .celsius, 22.4, 0.05, 100),
        (MetricName(known: "bme688_a.humidity"), .percent, 51.2, 0.2, 100),
        (MetricName(known: "bme688_a.pressure"), .hectopascal, 1_013.25, 0.05, 100),
        (MetricName(known: "bme688_a.gas"), .ohm, 48_321, 150, 1),
        (MetricName(known: "bme688_a.iaq"), .one, 50, 1, 1),
        (MetricName(known: "analog.ai1"), .volt, 0.9702, 0.003, 10_000),
        (MetricName(known: "analog.ai2"), .volt, 2.4177, 0.003, 10_000),
        (MetricName(known: "lora.rssi"), .one, -71, 2, 1),
    ]

    init(number: Int) {
        guard let id = DeviceID("bench-\(number)"), let device = DeviceName(id) else {
            preconditionFailure("`bench-N` is a valid id")
        }
        self.device = device
        random = SeededRandom(seed: UInt64(number) + 1)
        values = Self.columns.map(\.start)
    }

    mutating func measure(into batch: inout ObservationBatch, at received: ReceiveTime, isNamed: Bool) {
        for (index, column) in Self.columns.enumerated() {
            values[index] += Double.random(in: -column.step...column.step, using: &random)
            let value = (values[index] * column.scale).rounded() / column.scale
            batch.append(Reading(column.metric, .number(value), unit: column.unit))
        }
        var received = received
        let jitter = Int64(random.integer(in: 0...45))
        received.wall.milliseconds += jitter
        received.monotonicMilliseconds += jitter
        var observation = Observation(device: device, received: received, source: .mqtt)
        observation.deviceSeq = seq
        observation.payloadHash = random.next()
        seq += 1
        guard isNamed else { return batch.append(observation) }
        let lag = Int64(random.integer(in: 3...40))
        observation.deviceTime = Timestamp(milliseconds: received.wall.milliseconds - lag, trusted: true)
        var id = UUIDText.random(using: &random)
        id.withUTF8 { batch.append(observation, messageID: $0) }
    }
}
