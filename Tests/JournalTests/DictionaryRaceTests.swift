import GatewayModel
import GatewayTestKit
import Synchronization
import Testing

@testable import Journal

@Suite(.timeLimit(.minutes(5))) struct DictionaryRaceTests {
    /// A spectrum's names and its layout become known in one commit, while somebody is looking names up.
    @Test func aLayoutThatIsWrittenWhileNamesAreLookedUpIsNotReadAsEmpty() async throws {
        let metrics = (0..<250).compactMap { MetricName("race.\($0)") }
        let reader = try #require(DeviceID("reader"))
        let writer = try #require(DeviceID("writer").flatMap { DeviceName($0) })
        for _ in 0..<25 {
            let folder = try TemporaryFolder("race")
            let journal = try JournalFolder.open(folder.path, clock: VirtualClock())
            // Opens the reader that the pool keeps.
            _ = try journal.append(Self.batch(try #require(DeviceName(reader)), metrics.prefix(1)))
            try journal.readings(device: reader) { _ in true }
            let isDone = Done()
            async let reading: Void = Self.query(journal, reader, until: isDone)
            _ = try journal.append(Self.batch(writer, metrics[...]))
            isDone.set()
            try await reading
            var count = 0
            try journal.readings(device: writer.id) { _ in
                count += 1
                return true
            }
            #expect(count == metrics.count)
            journal.close()
        }
    }

    private final class Done: Sendable {
        private let state = Mutex(false)

        var isSet: Bool { state.withLock { $0 } }
        func set() { state.withLock { $0 = true } }
    }

    @concurrent private static func query(_ journal: Journal, _ device: DeviceID, until done: Done) async throws {
        while !done.isSet { try journal.readings(device: device) { _ in true } }
    }

    private static func batch(_ device: DeviceName, _ metrics: ArraySlice<MetricName>) -> ObservationBatch {
        var batch = ObservationBatch()
        for metric in metrics { batch.append(Reading(metric, .number(1))) }
        let now = ReceiveTime(wall: Timestamp(milliseconds: 1, trusted: true), monotonicMilliseconds: 1)
        batch.append(Observation(device: device, received: now, source: .serial))
        return batch
    }
}
