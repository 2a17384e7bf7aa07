import GatewayModel
import GatewayTestKit
import Journal
import SQLite
import Testing

@Test(.enabled(if: SmallDisk.isAvailable, "needs the right to mount a tmpfs: run as root"))
func onAFullDiskNothingIsHalfStoredAndWorkGoesOnWhenSpaceReturns() throws {
    let disk = try SmallDisk(8 << 20)
    let site = try Site(path: disk.path)
    defer { site.journal.close() }
    try site.append(.numbered(1), Message(device: "silent", payload: 5))
    disk.fill()
    var seq: UInt32 = 1
    var failure: JournalError?
    // What SQLite has allocated already takes some more records.
    while failure == nil, seq < 100_000 {
        do throws(JournalError) {
            _ = try site.journal.append(site.batch((0..<500).map { .numbered(seq + 1 + $0, device: "filler") }))
            seq += 500
        } catch { failure = error }
    }
    guard case .full? = failure else {
        Issue.record("\(String(describing: failure))")
        return
    }
    #expect(failure?.disposition == .retry(after: .seconds(1)))
    #expect(!site.journal.isWritable)
    let last = site.journal.status(of: .readings).lastSeq
    let messages = [
        Message.numbered(2), Message(device: "fresh", id: "a"), Message(device: "silent", payload: 6),
    ]
    #expect(throws: JournalError.self) {
        try site.append(messages + (0..<5_000).map { .numbered(seq + 1 + $0, device: "filler") })
    }
    #expect(site.journal.status(of: .readings).lastSeq == last)
    // Reading goes on.
    #expect(try site.records().count == Int(last.rawValue))
    disk.free()
    let receipt = try site.append(messages)
    #expect(receipt.stored == 3 && receipt.duplicates == 0)
    #expect(site.journal.isWritable)
    #expect(try site.append(messages[0], messages[1]).duplicates == 2)
    #expect(try site.records().map(\.seq.rawValue) == Array(1...last.rawValue + 3))
    #expect(try site.records().filter { $0.device?.text == "silent" }.map(\.upstreamSeq) == [1, 2])
    #expect(try site.kinds().isEmpty)
}

@Test func aCommitThatFailsForgetsThatItsMessagesCame() throws {
    let site = try Site()
    try site.append(.numbered(1))
    let lock = try Connection(path: site.path + "/journal/readings/0000000000000001.db", access: .readWrite)
    try lock.begin()
    #expect(throws: JournalError.self) { try site.append(.numbered(2), Message(id: "x", payload: 1), .numbered(7)) }
    lock.rollBack()
    #expect(try site.append(.numbered(2), Message(id: "x", payload: 1), .numbered(3)).stored == 3)
    #expect(try site.records().map(\.flags) == [[], [], .seqAssigned, []])
    #expect(try site.records().map(\.upstreamSeq) == [1, 2, 1, 3])
    #expect(try site.kinds().isEmpty)
}

/// Streams are files of their own: the readings of a batch can be durable when its notes are refused.
@Test func ofABatchThatComesAgainOnlyWhatIsNotDurableIsStored() throws {
    let site = try Site()
    func note(_ stream: StreamName, _ kind: String) -> Note { Note(stream, kind: kind, received: site.clock.now()) }
    var first = ObservationBatch()
    first.append(note(.events, "first"))
    _ = try site.journal.append(first)
    let lock = try Connection(path: site.path + "/journal/events/0000000000000001.db", access: .readWrite)
    try lock.begin()
    var batch = site.batch([Message(device: "silent", payload: 5), Message(device: "silent", payload: 6)])
    batch.append(note(.logs, "line"))
    batch.append(note(.events, "refused"))
    batch.append(note(.audit, "entry"))
    #expect(throws: JournalError.self) { try site.journal.append(batch) }
    #expect(try site.records().count == 2)
    #expect(!site.journal.isWritable)
    // A serial port that is being unplugged adds to what waits.
    batch.append(note(.events, "added"))
    lock.rollBack()
    let receipt = try site.journal.append(batch)
    #expect(receipt.outcomes == [.stored(SequenceNumber(1)), .stored(SequenceNumber(2))])
    #expect(try site.records().count == 2)
    #expect(try site.records(.logs).map(\.kind) == ["line"])
    #expect(try site.records(.events).map(\.kind) == ["first", "refused", "added"])
    #expect(try site.records(.audit).map(\.kind) == ["entry"])
    #expect(site.journal.counters.accepted == 2)
    // Emptied and filled with the same, it is another batch.
    let again = batch.observations
    batch.removeAll()
    for observation in again { batch.append(observation) }
    batch.append(note(.logs, "line"))
    #expect(try site.journal.append(batch).stored == 2)
    #expect(try site.records(.logs).count == 2)
}
