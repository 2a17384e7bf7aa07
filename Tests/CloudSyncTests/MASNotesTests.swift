import CloudSync
import EventLoop
import GatewayModel
import GatewayTestKit
import JSONText
import Journal
import SQLite
import Testing

/// The streams of a MAS beside the readings.
@Suite(.serialized)
struct MASNotesTests {
    private let folder: TemporaryFolder
    private let mas: StandInMAS
    private let journal: Journal

    init() throws {
        folder = try TemporaryFolder()
        mas = try StandInMAS()
        let state = try Database(path: folder.file("state.db"))
        try state.migrate(Journal.migrations)
        journal = try Journal.open(
            Journal.Configuration(
                dataDirectory: folder.path, boot: "b7e1", entropy: { 7 }, linger: .milliseconds(1)),
            state: state, clock: SystemClock())
    }

    private func append(_ notes: Note..., readings: Int = 0) throws {
        var batch = ObservationBatch()
        for note in notes { batch.append(note) }
        for _ in 0..<readings {
            let id = try #require(DeviceID("board-1"))
            let device = try #require(DeviceName(id))
            batch.append(Reading(MetricName(known: "sys.uptime"), .number(1)))
            batch.append(Observation(device: device, received: SystemClock().now(), source: .mqtt))
        }
        _ = try journal.append(batch)
    }

    private func note(_ stream: StreamName, _ kind: String, device: String? = nil, _ body: String = "{}") -> Note {
        Note(stream, kind: kind, device: device.flatMap { DeviceID($0) }, body: body, received: SystemClock().now())
    }

    private func run(_ body: (MASDestination) throws -> Void) async throws {
        var configuration = MASDestination.Configuration(
            name: "mas", url: mas.url, gatewayID: "gw-1", epoch: journal.epoch)
        configuration.serviceToken = "token"
        configuration.push.saveInterval = 1
        let sources = [StreamName.readings, .audit, .tasks].map {
            DeliverySource(journal: journal, consumer: "mas", stream: $0)
        }
        let destination = try MASDestination(configuration, sources: sources, clock: SystemClock(), seed: 1)
        let task = Task { try await destination.run() }
        defer { task.cancel() }
        while destination.status.attempts == 0 { await Task.yield() }
        try body(destination)
        task.cancel()
        try await task.value
    }

    @Test func anAuditEntryArrivesInOrderWithTheIdThatTellsRepeats() async throws {
        try append(
            note(.audit, "command_submitted", device: "board-1", #"{"principal":"token:ops","command":"beep"}"#),
            note(.audit, "records_evicted", #"{"severity":"warning"}"#))
        try await run { _ in
            #expect(mas.wait { $0.auditEntries.count == 2 })
            #expect(Eventually.holds { journal.cursor("mas", .audit) == SequenceNumber(2) })
        }
        let entries = try mas.withLedger { try $0.auditEntries.map { try JSON(parsing: $0) } }
        #expect(entries[0]["user_id"]?.string == "token:ops")
        #expect(entries[0]["resource"]?.string == "board-1")
        #expect(entries[0]["details"]?["gateway_record_id"]?.string?.hasSuffix("/audit/1") == true)
        #expect(entries[1]["action"]?.string == "records_evicted")
        #expect(entries[1]["severity"]?.string == "warning")
    }

    @Test func onlyTasksForAgentsOfTheMasAreSentAndOthersArePassedOver() async throws {
        try append(
            note(.tasks, "task_done"),
            note(.tasks, "agent_task", device: "board-1", #"{"message":"check","task_type":"diagnostics"}"#),
            note(.tasks, "agent_task", #"{"no":"message"}"#))
        try await run { _ in #expect(Eventually.holds { journal.cursor("mas", .tasks) == SequenceNumber(3) }) }
        let tasks = mas.withLedger { $0.agentTasks }
        #expect(tasks.map(\.device) == ["board-1"])
        let first = try #require(tasks.first)
        let task = try JSON(parsing: first.body)
        #expect(task["task_type"]?.string == "diagnostics")
        #expect(task["params"]?["request_id"]?.string?.hasSuffix("/tasks/2") == true)
        #expect(try journal.refused(by: "mas").map(\.reason) == ["a task without a message"])
    }

    @Test func aMasWithoutAnAuditLogStillGetsItsReadings() async throws {
        mas.misbehave(.status(404), on: .audit)
        try append(note(.audit, "x"), readings: 50)
        try await run { destination in
            #expect(mas.wait { $0.deliveries.count == 50 })
            #expect(Eventually.holds { destination.status.state == .connected && !destination.status.warnings.isEmpty })
        }
        #expect(journal.cursor("mas", .audit) == .zero)
        #expect(journal.cursor("mas", .readings) == SequenceNumber(50))
    }
}
