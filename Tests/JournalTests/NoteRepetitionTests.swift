import GatewayModel
import GatewayTestKit
import Journal
import Testing

/// Messages that become notes: a kill between their commit and the acknowledgement stores none of them twice.
@Suite struct NoteRepetitionTests {
    private func batch(
        _ site: Site, _ hashes: [UInt64], kind: String = "device_event", stream: StreamName = .events,
        isRedelivered: Bool = true
    ) throws -> ObservationBatch {
        var batch = ObservationBatch()
        let device = try #require(DeviceID("door-1"))
        for hash in hashes {
            batch.append(
                Note(stream, kind: kind, device: device, body: "{\"number\":\(hash)}", received: site.clock.now()))
            batch.identifyNotes(from: batch.notes.count - 1, by: hash, isRedelivered: isRedelivered)
        }
        return batch
    }

    private func bodies(_ site: Site, _ stream: StreamName = .events) throws -> [String] {
        try site.records(stream).compactMap { $0.body }
    }

    private func numbers(_ numbers: ClosedRange<Int>) -> [String] { numbers.map { "{\"number\":\($0)}" } }

    @Test(arguments: [StreamName.events, .logs])
    func whatAResumedSessionRepeatsIsStoredOnceAlsoAfterAKill(_ stream: StreamName) throws {
        let site = try Site()
        try site.journal.append(batch(site, Array(1...20), stream: stream), sessionStart: .fresh)
        try site.kill()
        try site.journal.append(
            batch(site, Array(11...25), stream: stream), sessionStart: .resumed(underWayMax: 1_000))
        // The repetition may come in several batches, and in a connection of the same process too.
        try site.journal.append(batch(site, [26], stream: stream))
        try site.journal.append(
            batch(site, [25, 26, 27], stream: stream), sessionStart: .resumed(underWayMax: 1_000))
        #expect(try bodies(site, stream) == numbers(1...27))
    }

    @Test func equalEventsWithoutAResumedSessionAreStoredEach() throws {
        let site = try Site()
        try site.journal.append(batch(site, [1, 1]), sessionStart: .fresh)
        try site.journal.append(batch(site, [1]))
        try site.journal.append(batch(site, [1]), sessionStart: .fresh)
        #expect(try bodies(site).count == 4)
    }

    @Test func eachStoredEventExplainsOneRepetition() throws {
        let site = try Site()
        try site.journal.append(batch(site, [1, 1]))
        try site.journal.append(batch(site, [1, 1, 1]), sessionStart: .resumed(underWayMax: 1_000))
        #expect(try bodies(site).count == 3)
    }

    @Test func anEqualEventThatWasNeverSentBeforeIsStored() throws {
        let site = try Site()
        try site.journal.append(batch(site, [1, 2]))
        try site.journal.append(batch(site, [1, 2], isRedelivered: false), sessionStart: .resumed(underWayMax: 1_000))
        #expect(try bodies(site).count == 4)
    }

    @Test func anEqualEventThatCannotHaveBeenUnderWayIsStored() throws {
        let site = try Site()
        try site.journal.append(batch(site, [1]))
        site.clock.advance(by: .seconds(600))
        try site.journal.append(batch(site, [2]))
        try site.kill()
        // The door opens again, ten minutes after it did so last.
        try site.journal.append(batch(site, [2, 1]), sessionStart: .resumed(underWayMax: 1_000))
        #expect(try bodies(site) == [1, 2, 1].map { "{\"number\":\($0)}" })
    }

    @Test func longAfterTheSessionWasResumedNothingIsARepetition() throws {
        let site = try Site()
        try site.journal.append(batch(site, [1, 2]))
        try site.journal.append(batch(site, [3]), sessionStart: .resumed(underWayMax: 1_000))
        site.clock.advance(by: .seconds(61))
        try site.journal.append(batch(site, [2]))
        #expect(try bodies(site).count == 4)
    }

    @Test func whatTheGatewayNotesByItselfIsNeverARepetition() throws {
        let site = try Site()
        var batch = ObservationBatch()
        batch.append(Note(.events, kind: "state_damaged", received: site.clock.now()))
        try site.journal.append(batch)
        try site.journal.append(batch, sessionStart: .resumed(underWayMax: 1_000))
        #expect(try site.kinds().count == 2)
    }
}
