import CloudSync
import Compression
import EventLoop
import GatewayModel
import GatewayTestKit
import HTTPClient
import Journal
import SQLite
import Testing

/// A real journal, batches, and a collector that misbehaves.
@Suite(.serialized)
struct CollectorDeliveryTests {
    private let folder: TemporaryFolder
    private let collector: StandInCollector

    init() throws {
        folder = try TemporaryFolder()
        collector = try StandInCollector()
    }

    private func open() throws -> (Journal, SealTable) {
        let state = try Database(path: folder.file("state.db"))
        try state.migrate(Journal.migrations + SealTable.migrations)
        let configuration = Journal.Configuration(
            dataDirectory: folder.path, boot: "b7e1", entropy: { 7 }, linger: .milliseconds(1))
        return (try Journal.open(configuration, state: state, clock: SystemClock()), SealTable(database: state))
    }

    private func append(_ range: Range<Int>, to journal: Journal) throws {
        var batch = ObservationBatch()
        for index in range {
            guard let device = DeviceName(try #require(DeviceID("board-\(index % 5)"))) else { continue }
            batch.append(Reading(MetricName(known: "bme688_a.temperature"), .number(Double(index) / 4), unit: .celsius))
            let observation = Observation(device: device, received: SystemClock().now(), source: .mqtt)
            Array("message-\(index)".utf8).withUnsafeBufferPointer { batch.append(observation, messageID: $0) }
        }
        _ = try journal.append(batch)
    }

    private func destination(
        _ journal: Journal, _ seals: SealTable, streams: [StreamName] = [.readings],
        _ change: (inout DestinationConfiguration) -> Void = { _ in }
    ) throws -> FormatDestination<NDJSONFormat> {
        var configuration = DestinationConfiguration(name: "lake", kind: "http", gatewayID: "gw-1")
        var batching = PushSettings.Batching()
        batching.recordsMax = 20
        batching.interval = 20
        batching.isSealed = true
        configuration.push = PushSettings(batching: batching, parallelism: 2)
        configuration.push.saveInterval = 1
        configuration.push.retryDelayInitial = .milliseconds(10)
        configuration.push.retryDelayMax = .milliseconds(100)
        configuration.push.holdDelayInitial = .milliseconds(10)
        configuration.push.holdDelayMax = .milliseconds(10)
        configuration.client.totalTimeout = .milliseconds(2_000)
        change(&configuration)
        return try FormatDestination(
            configuration,
            sources: streams.map { DeliverySource(journal: journal, consumer: "lake", stream: $0, seals: seals) },
            format: NDJSONFormat(url: collector.url + "/in", gatewayID: "gw-1", epoch: journal.epoch),
            clock: SystemClock(), seed: 1)
    }

    /// Runs `destination` while `body` runs, then stops it.
    private func run(_ destination: some Destination, _ body: () throws -> Void) async throws {
        let task = Task { try await destination.run() }
        defer { task.cancel() }
        // `body` blocks a thread of the pool that the destination's start may need.
        while destination.status.state == .starting, destination.status.attempts == 0 { await Task.yield() }
        try body()
        task.cancel()
        try await task.value
        #expect(destination.status.state == .stopped)
    }

    private func isDelivered(_ journal: Journal, _ count: Int64, _ destination: some Destination) -> Bool {
        Eventually.holds(within: .seconds(30)) {
            destination.flush()
            return journal.cursor("lake", .readings) == SequenceNumber(count)
        }
    }

    @Test(arguments: [nil, ContentEncoding.gzip, .zstd])
    func everyRecordArrivesOnceInBatchesThatSayWhatTheyHold(compression: ContentEncoding?) async throws {
        let (journal, seals) = try open()
        try append(0..<500, to: journal)
        let destination = try destination(journal, seals) { $0.compression = compression }
        try await run(destination) { #expect(isDelivered(journal, 500, destination)) }
        collector.withLedger { ledger in
            #expect(ledger.lines.count == 500)
            #expect(Set(ledger.lines).count == 500)
            #expect(ledger.requests < 60)
            #expect(ledger.bodyBytes < (compression == nil ? .max : 60_000))
            for arrival in ledger.arrivals {
                #expect(arrival.headers["mycogate-count"] == "\(arrival.lines.count)")
                #expect(arrival.headers["mycogate-stream"] == "readings")
                #expect(arrival.headers["content-encoding"] == compression?.rawValue)
            }
        }
        journal.close()
    }

    @Test func faultsOfEveryKindLoseNothingAndStoreNothingTwice() async throws {
        let (journal, seals) = try open()
        try append(0..<2_000, to: journal)
        collector.misbehaveAtRandom(
            share: 0.3,
            faults: [
                .answer(500, "{}"), .answer(503, "", retryAfter: "0"), .answer(429, "", retryAfter: "0"), .lostAnswer,
                .halfBody, .closed, .garbage, .late(milliseconds: 5), .dribbled(milliseconds: 1),
                .answer(200, "<html>", type: "text/html"), .answer(302, ""), .answer(401, "{}"),
                .answer(200, String(repeating: "x", count: 2 << 20)), .answer(200, #"{"accepted":-1}"#),
                .answer(200, #"{"rejected":[{"seq":123456789}]}"#),
            ], seed: 3)
        let destination = try destination(journal, seals)
        try await run(destination) { #expect(isDelivered(journal, 2_000, destination)) }
        collector.withLedger { ledger in
            #expect(Set(ledger.lines).count == 2_000)
            #expect(ledger.lines.count == 2_000)
            #expect(ledger.repeats > 0)
            #expect(ledger.differing == 0)
        }
        #expect(try journal.refused(by: "lake").isEmpty)
        journal.close()
    }

    @Test func aRestartRepeatsTheVerySameRequests() async throws {
        for round in 0..<12 {
            let (journal, seals) = try open()
            let count = (round + 1) * 150
            try append(round * 150..<count, to: journal)
            collector.misbehaveAtRandom(
                share: 0.5, faults: [.lostAnswer, .late(milliseconds: 20)], seed: UInt64(round))
            let destination = try destination(journal, seals) {
                $0.push.stopLimit = 0
                $0.push.batching.recordsMax = 7 + round % 3
            }
            let before = collector.withLedger { $0.requests }
            try await run(destination) {
                #expect(collector.wait { $0.requests > before + 3 })
                if round == 11 { #expect(isDelivered(journal, Int64(count), destination)) }
            }
            journal.close()
        }
        collector.withLedger { ledger in
            #expect(ledger.lines.count == 1_800)
            #expect(Set(ledger.lines).count == 1_800)
            #expect(ledger.differing == 0)
        }
    }

    @Test func onlyThePoisonOfABatchIsRefused() async throws {
        let (journal, seals) = try open()
        try append(0..<400, to: journal)
        collector.condemn("message-237\"")
        let destination = try destination(journal, seals)
        try await run(destination) { #expect(isDelivered(journal, 400, destination)) }
        #expect(collector.withLedger { $0.lines.count } == 399)
        let refused = try journal.refused(by: "lake")
        #expect(refused.map(\.seq) == [SequenceNumber(238)])
        #expect(refused.first?.reason == "poison")
        #expect(refused.first?.identity.hasSuffix("/readings/238") == true)
        let record = try #require(try journal.read(.readings, after: SequenceNumber(237), limit: 1).records.first)
        #expect(destination.resend(record) != .delivered)
        collector.condemn(nil)
        #expect(destination.resend(record) == .delivered)
        journal.close()
    }

    @Test func recordsThatAreGoneAreToldAsALine() async throws {
        let (journal, seals) = try open()
        try append(0..<10, to: journal)
        var source = DeliverySource(journal: journal, consumer: "lake", stream: .readings, seals: seals)
        let visit = source.visit
        source.visit = { after, limit, gap, body in
            if after == .zero {
                gap(StreamGap(from: SequenceNumber(1), to: SequenceNumber(4), count: 4, reason: "evicted"))
            }
            return try visit(max(after, SequenceNumber(4)), limit, gap, body)
        }
        var configuration = DestinationConfiguration(name: "lake", kind: "http", gatewayID: "gw-1")
        configuration.push.saveInterval = 1
        let destination = try FormatDestination(
            configuration, sources: [source],
            format: NDJSONFormat(url: collector.url, gatewayID: "gw-1", epoch: journal.epoch), clock: SystemClock(),
            seed: 1)
        try await run(destination) { #expect(isDelivered(journal, 10, destination)) }
        collector.withLedger { ledger in
            #expect(ledger.lines.count == 7)
            #expect(ledger.lines.contains(#"{"gap":{"from":1,"to":4,"count":4,"reason":"evicted"}}"#))
        }
        journal.close()
    }

    @Test func auditOvertakesABacklogUnderABandwidthCap() async throws {
        let (journal, seals) = try open()
        try append(0..<5_000, to: journal)
        let destination = try destination(journal, seals, streams: [.readings, .audit]) {
            $0.push.bandwidth = 65_536
            $0.push.batching.recordsMax = 500
        }
        try await run(destination) {
            #expect(collector.wait { $0.requests >= 5 })
            var batch = ObservationBatch()
            let now = SystemClock().now()
            batch.append(Note(.audit, kind: "alarm", body: "{}", received: now))
            _ = try journal.append(batch)
            #expect(collector.wait(limit: .seconds(5)) { $0.lines.contains { $0.contains("alarm") } })
            let later = SystemClock().now()
            #expect(later.monotonicMilliseconds - now.monotonicMilliseconds < 1_000)
            #expect(collector.withLedger { $0.lines.count } < 5_000)
        }
        journal.close()
    }
}
