import GatewayModel
import GatewayTestKit
import Journal
import Testing

@Test func missingNumbersAreReportedOnceWithTheirRange() throws {
    let site = try Site()
    try site.append(.numbered(1), .numbered(2), .numbered(6), .numbered(7))
    let events = try site.records(.events)
    #expect(events.map(\.kind) == ["sequence_gap"])
    #expect(events[0].body == "{\"device\":\"board-1\",\"device_boot\":0,\"from\":3,\"to\":5,\"missing\":3}")
    #expect(try site.records().map { $0.flags.contains(.gapBefore) } == [false, false, true, false])
    try site.kill()
    #expect(try site.kinds() == ["sequence_gap"])
}

@Test func lateMessagesFillTheirGapWithoutASecondEvent() throws {
    let site = try Site()
    try site.append(.numbered(1), .numbered(5), .numbered(3), .numbered(2), .numbered(4), .numbered(6))
    #expect(try site.kinds() == ["sequence_gap"])
    #expect(try site.records().map { $0.flags.contains(.duplicateSeq) } == Array(repeating: false, count: 6))
}

@Test func aFallOfTheSequenceAloneIsNoBoot() throws {
    let site = try Site()
    try site.append((1...10).map { .numbered($0) })
    try site.append(.numbered(1, payload: 5_001), .numbered(2, payload: 5_002))
    #expect(try site.kinds().isEmpty)
    #expect(try site.records().suffix(2).allSatisfy { $0.deviceBoot == 0 && $0.flags.contains(.duplicateSeq) })
}

@Test func onlyAFallLargerThanWhatCanBeInFlightIsABootByItself() throws {
    let site = try Site()
    try site.append(.numbered(9_000), .numbered(4_000, payload: 1))
    #expect(try site.kinds().isEmpty)
    try site.append(.numbered(3_999, payload: 2))
    #expect(try site.kinds() == ["device_boot"])
    #expect(try site.records().map(\.deviceBoot) == [0, 0, 1])
    #expect(try #require(try site.records(.events).first?.body).contains("\"reason\":\"sequence_fell\""))
}

@Test func theUptimeOfADeviceWithoutNumbersTellsItsBoots() throws {
    let site = try Site()
    try site.append(
        Message(payload: 1, uptime: 60_000), Message(payload: 2, uptime: 61_000), Message(payload: 3, uptime: 60_500))
    #expect(try site.kinds().isEmpty, "a board reads its uptime at different moments")
    try site.append(Message(payload: 4, uptime: 1_000))
    #expect(try site.kinds() == ["device_boot"])
    #expect(try site.records().map(\.deviceBoot) == [0, 0, 0, 1])
    #expect(try #require(try site.records(.events).first?.body).contains("\"reason\":\"uptime_fell\""))
}

@Test func aFallWithAnAnnouncementIsABoot() throws {
    let site = try Site()
    try site.append((1...10).map { .numbered($0) })
    var first = Message.numbered(1)
    first.isAnnounced = true
    first.source = .serial
    #expect(try site.append(first, .numbered(2, payload: 5_002)).stored == 2)
    let records = try site.records().suffix(2)
    #expect(records.map(\.deviceBoot) == [1, 1])
    #expect(records.map { $0.flags.contains(.newBoot) } == [true, false])
    #expect(
        try site.records(.events).map(\.body)
            == ["{\"device\":\"board-1\",\"device_boot\":1,\"reason\":\"announced\",\"first_seq\":1}"])
}

@Test func theSameContentUnderTheSameNumbersIsNewAfterABootOfASerialBoard() throws {
    let site = try Site()
    let messages = (1...3 as ClosedRange<UInt32>).map { number in
        var message = Message.numbered(number, payload: 77)
        message.source = .serial
        return message
    }
    #expect(try site.append(messages).stored == 3)
    #expect(try site.append(messages).duplicates == 3)
    var again = messages
    again[0].isAnnounced = true
    #expect(try site.append(again).stored == 3)
    again[0].isAnnounced = false
    #expect(try site.append(again).duplicates == 3)
    #expect(try site.records().map(\.deviceBoot) == [0, 0, 0, 1, 1, 1])
}

@Test func aFallWithFallingUptimeIsABootAlsoAfterAKill() throws {
    let site = try Site()
    try site.append((1...10).map { .numbered($0, uptime: Int64($0) * 1_000) })
    try site.kill()
    try site.append(.numbered(1, payload: 9_001, uptime: 400), .numbered(2, payload: 9_002, uptime: 1_400))
    #expect(try site.records().suffix(2).map(\.deviceBoot) == [1, 1])
    #expect(try site.kinds() == ["device_boot"])
}

@Test func aRepeatedOldMessageWithItsOldUptimeIsNoBoot() throws {
    let site = try Site()
    let messages = (1...10).map { Message.numbered($0, uptime: Int64($0) * 1_000) }
    try site.append(messages)
    try site.kill()
    #expect(try site.append(messages).duplicates == 10)
    #expect(try site.append(.numbered(11, uptime: 11_000)).stored == 1)
    #expect(try site.kinds().isEmpty)
}

@Test func messagesOfAnEarlierBootThatComeAgainAreKnown() throws {
    let site = try Site()
    let earlier = (1...10).map { Message.numbered($0, uptime: Int64($0) * 1_000) }
    let later = (1...3).map { Message.numbered($0, payload: 7_000 + UInt64($0), uptime: Int64($0) * 100) }
    try site.append(earlier + later)
    try site.kill()
    #expect(try site.append(Array(earlier.suffix(4)) + later).duplicates == 7)
    #expect(try site.kinds() == ["device_boot"])
}

@Test func aLateMessageWithAnEarlierUptimeIsNoBoot() throws {
    let site = try Site()
    try site.append(.numbered(1, uptime: 1_000), .numbered(4, uptime: 4_000), .numbered(2, uptime: 2_000))
    #expect(try site.kinds() == ["sequence_gap"])
    #expect(try site.records().allSatisfy { $0.deviceBoot == 0 })
}

@Test func aFallLargerThanWhatCanBeInFlightIsABoot() throws {
    let site = try Site()
    try site.append(.numbered(0), .numbered(1), .numbered(6_000), .numbered(0, payload: 3))
    #expect(try site.kinds() == ["sequence_gap", "device_boot"])
    #expect(try site.records().last?.deviceBoot == 1)
}

@Test func theWrapOfTheMillisecondCounterIsNoBoot() throws {
    let site = try Site()
    try site.append(.numbered(1, uptime: 4_294_967_000), .numbered(2, uptime: 500))
    // Ten minutes later it lies behind.
    try site.append(.numbered(3, uptime: 605_000), .numbered(4, uptime: 700_000))
    #expect(try site.kinds().isEmpty)
}

@Test func devicesWithoutNumbersAreCountedAcrossKillsAndEviction() throws {
    let site = try Site(segmentSize: 256 << 10, maxBytes: 1 << 20)
    var expected: UInt32 = 0
    for round in 0..<40 {
        try site.append(
            (0..<1_000).map { Message(device: "mute", payload: UInt64(round * 1_000 + $0 + 1), value: Double($0)) })
        expected += 1_000
        if round % 13 == 5 { try site.kill() }
    }
    #expect(site.journal.status(of: .readings).firstSeq.rawValue > 1)
    let records = try site.records()
    #expect(records.last?.upstreamSeq == expected && records.last?.deviceSeq == nil)
    #expect(zip(records, records.dropFirst()).allSatisfy { $1.upstreamSeq == $0.upstreamSeq + 1 })
}

@Test func eventsThatAKillCutOffAreMadeUpForExactlyOnce() throws {
    let site = try Site()
    try site.append(.numbered(1, uptime: 1_000), .numbered(4, uptime: 4_000))
    // The kill comes after the readings and before their events.
    let withoutEvents = try TemporaryFolder("journal-cut")
    try copyTree(site.path, withoutEvents.path)
    try site.append(.numbered(9, uptime: 9_000), .numbered(1, payload: 8, uptime: 10))
    for name in names(in: site.path + "/journal/readings") {
        write(read(site.path + "/journal/readings/" + name), to: withoutEvents.path + "/journal/readings/" + name)
    }
    for _ in 0..<3 {
        let journal = try Site.open(withoutEvents.path, site.clock)
        // The next commit brings what is owed.
        try journal.append(site.batch([.numbered(2, payload: 2, uptime: 1_010)]))
        let events = try journal.read(.events, after: .zero, limit: 100).records
        #expect(events.map(\.kind) == ["sequence_gap", "sequence_gap", "device_boot"])
        #expect(events[1].body == "{\"device\":\"board-1\",\"device_boot\":0,\"from\":5,\"to\":8,\"missing\":4}")
        #expect(
            events[2].body == "{\"device\":\"board-1\",\"device_boot\":1,\"reason\":\"uptime_fell\",\"first_seq\":1}")
        journal.close()
    }
}
