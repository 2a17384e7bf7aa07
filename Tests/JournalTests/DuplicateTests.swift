import GatewayModel
import GatewayTestKit
import Journal
import Testing

@Test func aMessageIdIsStoredOnceWhateverElseDiffers() throws {
    let site = try Site()
    let id = "c556918f-a570-5ef5-9af9-10e43de637ef"
    try site.append(Message(seq: 1, id: id, payload: 1), Message(seq: 2, id: "not-a-uuid", payload: 2))
    for _ in 0..<2 {
        let receipt = try site.append(
            Message(seq: 9, id: id, payload: 3), Message(seq: 9, id: "not-a-uuid", payload: 4))
        #expect(receipt.outcomes == [.duplicate, .duplicate])
        try site.restart()
    }
    // Another device may use the same id.
    #expect(try site.append(Message(device: "board-2", id: "not-a-uuid", payload: 2)).stored == 1)
    #expect(try site.records().map(\.messageID) == [id, "not-a-uuid", "not-a-uuid"])
}

@Test func aNumberedMessageThatComesAgainIsADuplicateInAndAcrossBatches() throws {
    let site = try Site()
    #expect(try site.append(.numbered(1), .numbered(2), .numbered(1)).duplicates == 1)
    #expect(try site.append(.numbered(2), .numbered(3)).outcomes == [.duplicate, .stored(SequenceNumber(3))])
    try site.kill()
    #expect(try site.append(.numbered(1), .numbered(2), .numbered(3), .numbered(4)).stored == 1)
    #expect(site.journal.counters.duplicates == 3)
}

@Test func theSameNumberWithOtherContentIsStoredAndFlagged() throws {
    let site = try Site()
    try site.append(.numbered(1), .numbered(2))
    #expect(try site.append(.numbered(2, payload: 77)).stored == 1)
    #expect(try site.append(.numbered(2, payload: 77)).duplicates == 1)
    let records = try site.records()
    #expect(records.map { $0.flags.contains(.duplicateSeq) } == [false, false, true])
    #expect(records.map(\.deviceBoot) == [0, 0, 0])
    #expect(try site.kinds().isEmpty)
}

@Test func anUnnumberedMessageIsComparedOnlyAfterASessionWasResumed() throws {
    let site = try Site()
    let message = Message(payload: 42)
    try site.append(message)
    // Equal readings of a device that numbers nothing are two readings.
    #expect(try site.append(message).stored == 1)
    #expect(try site.append([message], sessionStart: .resumed(underWayMax: 10)).duplicates == 1)
    // The second of the stored two can also come again; a third one is new.
    #expect(try site.append([message, message]).outcomes == [.duplicate, .stored(SequenceNumber(3))])
    #expect(try site.append([message], sessionStart: .fresh).stored == 1)
}

@Test func whatWasNeverSentBeforeIsNoRepetitionHoweverEqual() throws {
    let site = try Site()
    try site.append(Array(repeating: Message(payload: 7), count: 15))
    // A valve that says the same again after the gateway was restarted.
    let receipt = try site.append(
        Array(repeating: Message(payload: 7, isRedelivered: false), count: 15),
        sessionStart: .resumed(underWayMax: 1_000))
    #expect(receipt.stored == 15)
}

@Test func whatARepetitionBeginsWithDoesNotMatter() throws {
    let site = try Site()
    let messages = [Message(payload: 100, source: .lora)] + (1...5).map { Message(payload: $0) }
    try site.append(messages)
    #expect(try site.append(messages, sessionStart: .resumed(underWayMax: 10)).duplicates == 6)
}

@Test func aRepetitionIsRecognisedHoweverLongItIs() throws {
    let site = try Site()
    try site.append((1...50).map { Message(payload: $0) })
    // The broker repeats 45 messages although it should have had ten under way, and goes on with new ones.
    let first = try site.append((6...30).map { Message(payload: $0) }, sessionStart: .resumed(underWayMax: 10))
    let second = try site.append((31...60).map { Message(payload: $0) })
    #expect(first.stored == 0)
    #expect(
        second.outcomes.map(\.isDuplicate) == Array(repeating: true, count: 20) + Array(repeating: false, count: 10))
}

@Test func theRepetitionEndsWithTheLastCommittedMessage() throws {
    let site = try Site()
    try site.append((1...5).map { Message(payload: $0) })
    let receipt = try site.append(
        (3...7).map { Message(payload: $0) } + [Message(payload: 1)], sessionStart: .resumed(underWayMax: 100))
    #expect(receipt.outcomes.map(\.isDuplicate) == [true, true, true, false, false, false])
}

@Test func messagesThatCannotBeToldApartAreRepetitionsOnlyAsFarAsCanBeUnderWay() throws {
    let site = try Site()
    try site.append(Array(repeating: Message(payload: 7), count: 40))
    let receipt = try site.append(
        Array(repeating: Message(payload: 7), count: 40), sessionStart: .resumed(underWayMax: 10))
    #expect(receipt.duplicates == 10)
    #expect(receipt.stored == 30)
}

@Test func anOldMessageIsFoundOnDiskWhenMemoryHasForgottenIt() throws {
    let site = try Site(segmentSize: 4 << 20)
    try site.append(.numbered(1), .numbered(2), .numbered(3))
    // More than memory holds, in several segments.
    var seq: UInt32 = 0
    for _ in 0..<75 {
        try site.append(
            (0..<2_000).map { _ in
                seq += 1
                return .numbered(seq, device: "busy")
            })
    }
    let receipt = try site.append(
        .numbered(2), .numbered(3, payload: 9), .numbered(17, device: "busy"), .numbered(70_001, device: "busy"))
    #expect(receipt.outcomes.map(\.isDuplicate) == [true, false, true, true])
    #expect(try site.records().last?.flags == .duplicateSeq)
    try site.restart()
    #expect(try site.append(.numbered(1), .numbered(30_000, device: "busy")).duplicates == 2)
}
