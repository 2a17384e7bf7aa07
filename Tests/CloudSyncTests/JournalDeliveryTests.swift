import CloudSync
import EventLoop
import GatewayModel
import GatewayTestKit
import Journal
import SQLite
import Testing

/// The whole way from a real journal to the stand-in MAS.
@Suite(.serialized)
struct JournalDeliveryTests {
    private let folder: TemporaryFolder
    private let mas: StandInMAS

    init() throws {
        folder = try TemporaryFolder()
        mas = try StandInMAS()
    }

    private func open() throws -> Journal {
        let state = try Database(path: folder.file("state.db"))
        try state.migrate(Journal.migrations)
        let configuration = Journal.Configuration(
            dataDirectory: folder.path, boot: "b7e1", entropy: { 7 }, linger: .milliseconds(1))
        return try Journal.open(configuration, state: state, clock: SystemClock())
    }

    /// Observations `range`, each with its own message id, over five devices.
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

    private func deliver(_ journal: Journal, until isDone: () -> Bool) async throws {
        var configuration = MASDestination.Configuration(
            name: "mas", url: mas.url, gatewayID: "gw-1", epoch: journal.epoch)
        configuration.serviceToken = "token"
        configuration.push.saveInterval = 1
        let destination = try MASDestination(
            configuration, sources: [DeliverySource(journal: journal, consumer: "mas", stream: .readings)],
            clock: SystemClock(), seed: 1)
        let task = Task { try await destination.run() }
        defer { task.cancel() }
        // Waiting blocks a thread of the pool that the destination's start needs.
        while destination.status.state == .starting { await Task.yield() }
        let isDelivered = Eventually.holds(within: .seconds(20), isDone)
        #expect(isDelivered)
        task.cancel()
        try await task.value
    }

    @Test func whatIsAppendedArrivesAndARestartRepeatsNothing() async throws {
        var journal = try open()
        try append(0..<300, to: journal)
        try await deliver(journal) { mas.withLedger { $0.deliveries.count } == 300 }
        journal.close()
        journal = try open()
        #expect(journal.cursor("mas", .readings) == SequenceNumber(300))
        try append(300..<400, to: journal)
        try await deliver(journal) { mas.withLedger { $0.deliveries.count } == 400 }
        journal.close()
        mas.withLedger { ledger in
            #expect(Set(ledger.deliveries.keys) == Set((0..<400).map { "message-\($0)" }))
            #expect(ledger.repeats == 0)
            for device in 0..<5 {
                let ids = ledger.messages(of: "board-\(device)").map(\.id)
                #expect(ids == stride(from: device, to: 400, by: 5).map { "message-\($0)" })
            }
        }
    }

    @Test func aCondemnedRecordIsKeptOnceHoweverOftenItIsCondemned() async throws {
        let journal = try open()
        try append(0..<5, to: journal)
        mas.misbehave(.status(413), device: "board-2")
        try await deliver(journal) { journal.cursor("mas", .readings) == SequenceNumber(5) }
        let refused = try #require(try journal.refused(by: "mas").first)
        #expect(refused.identity == "message-2")
        #expect(refused.status == 413)
        // As after a crash that came between the refusal and the cursor.
        try journal.acknowledge("mas", .readings, upTo: .zero, epoch: journal.epoch, rewind: true)
        try await deliver(journal) { journal.cursor("mas", .readings) == SequenceNumber(5) }
        #expect(try journal.refused(by: "mas").count == 1)
        #expect(mas.withLedger { $0.differing } == 0)
        journal.close()
    }
}
