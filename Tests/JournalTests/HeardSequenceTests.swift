import GatewayModel
import GatewayTestKit
import Journal
import Testing

/// A board's answers share the count of its readings: their numbers come along with the next reading.
private func append(
    _ seq: UInt32, heard: [ClosedRange<UInt32>] = [], announced: Bool = false, uptime: Int64? = nil, to site: Site
) throws {
    guard let id = DeviceID("board-1"), let device = DeviceName(id) else { return }
    var batch = ObservationBatch()
    var observation = Observation(device: device, received: site.clock.now(), source: .serial)
    observation.deviceSeq = seq
    observation.payloadHash = UInt64(seq) + (announced ? 9_000 : 1_000)
    observation.bootEvidence = announced ? .announced : uptime.map { .uptime(milliseconds: $0) } ?? .none
    batch.append(Reading(MetricName(known: "sys.uptime"), .number(Double(seq)), unit: .second))
    for range in heard { batch.append(heard: range) }
    batch.append(observation)
    _ = try site.journal.append(batch)
}

private func gaps(_ site: Site) throws -> [String] {
    try site.records(.events).filter { $0.kind == "sequence_gap" }.compactMap(\.body).map { body in
        String(body.drop { $0 != "," }.dropFirst().drop { $0 != "," }.dropFirst())
    }
}

@Test func numbersThatCameWithoutARecordAreNotMissing() throws {
    let site = try Site()
    try append(1, to: site)
    try append(4, heard: [2...3], to: site)
    // 6 and 9 are missing, 7 and 8 were answers.
    try append(10, heard: [5...5, 7...8], to: site)
    try append(11, to: site)
    let expected = [#""from":6,"to":6,"missing":1}"#, #""from":9,"to":9,"missing":1}"#]
    #expect(try gaps(site) == expected)
    #expect(try site.records().map { $0.flags.contains(.gapBefore) } == [false, false, true, false])
    #expect(try site.records().allSatisfy { !$0.flags.contains(.heardBefore) })
    try site.kill()
    #expect(try gaps(site) == expected)
    try append(12, to: site)
    #expect(try gaps(site) == expected)
}

@Test func aGapOverAKillDoesNotCountTheAnswerThatFollowsIt() throws {
    let site = try Site()
    try append(1, to: site)
    try append(2, to: site)
    try site.kill()
    // 3 to 5 were sent while nobody listened; 6 is the HELLO that was asked for.
    try append(7, heard: [6...6], to: site)
    #expect(try gaps(site) == [#""from":3,"to":5,"missing":3}"#])
}

@Test func numbersOfANewBootBeginWithItsHello() throws {
    let site = try Site()
    for seq in 1...10 as ClosedRange<UInt32> { try append(seq, to: site) }
    try append(2, heard: [1...1], announced: true, to: site)
    try append(3, to: site)
    #expect(try gaps(site).isEmpty)
    #expect(try site.records().last?.deviceBoot == 1)
    try site.restart()
    try append(5, heard: [4...4], to: site)
    #expect(try gaps(site).isEmpty)
}

@Test func numbersHeardInAnEarlierBootAreNotTakenForThisOne() throws {
    let site = try Site()
    for seq in 1...10 as ClosedRange<UInt32> { try append(seq, uptime: Int64(seq) * 1_000, to: site) }
    // Kept over a restart of the gateway, during which the board booted and counted far.
    try append(600, heard: [11...11], uptime: 500, to: site)
    #expect(try gaps(site).isEmpty)
    #expect(try site.records().last?.deviceBoot == 1)
}
