import GatewayModel
import GatewayTestKit
import Glibc
import Journal
import SQLite
import Testing

@Test func readingsAreFoundByDeviceMetricAndTime() throws {
    let site = try Site(segmentSize: 256 << 10)
    let start = site.clock.now().wall.milliseconds
    for round in 0..<40 {
        try site.append((0..<200).map { .numbered(UInt32(round * 200 + $0 + 1), device: "board-\($0 % 4)") })
        site.clock.advance(by: .seconds(60))
    }
    let device = try #require(DeviceID("board-2"))
    var rows: [ReadingRow] = []
    try site.journal.readings(
        device: device, metric: MetricName(known: "bme688_a.humidity"), from: start + 600_000, to: start + 720_000
    ) { row in
        rows.append(row)
        return true
    }
    #expect(rows.count == 100)
    #expect(rows.allSatisfy { $0.device == device && $0.reading.metric.text == "bme688_a.humidity" })
    #expect(Set(rows.map(\.time.milliseconds)) == [start + 600_000, start + 660_000])
    var count = 0
    try site.journal.readings(device: device) { _ in
        count += 1
        return count < 7
    }
    #expect(count == 7)
}

@Test func theLatestValuesAreThoseOfTheNewestMessagesAlsoAfterAKill() throws {
    let site = try Site()
    for value in 1...50 {
        try site.append(
            Message(device: "a", payload: UInt64(value), value: Double(value)),
            Message(device: "b", payload: UInt64(value), value: Double(-value)))
    }
    for _ in 0..<2 {
        let rows = try site.journal.latest()
        #expect(rows.map(\.device.text) == ["a", "a", "b", "b"])
        #expect(rows.map(\.reading.value) == [.number(50), .number(45.25), .number(-50), .number(45.25)])
        #expect(try site.journal.latest(device: DeviceID("b")).count == 2)
        #expect(try site.journal.latest(device: DeviceID("nobody")).isEmpty)
        try site.kill()
    }
}

/// As devices do that have a topic for each value: some are sent often, some rarely, each in a message of its own.
@Test func theLatestValuesOfADeviceThatSendsEachAloneAreAllFoundAlsoAfterAKill() throws {
    let site = try Site(segmentSize: 64 << 10)
    let name = try #require(DeviceID("alone").flatMap { DeviceName($0) })
    func publish(_ metric: Int, _ values: ClosedRange<Int>) throws {
        var batch = ObservationBatch()
        for value in values {
            batch.append(Reading(try #require(MetricName("alone.\(metric)")), .number(Double(value))))
            var observation = Observation(device: name, received: site.clock.now(), source: .mqtt)
            observation.payloadHash = UInt64(metric * 100_000 + value)
            batch.append(observation)
        }
        try site.journal.append(batch)
    }
    var expected: [String: Double] = [:]
    for life in 1...3 {
        for metric in 0..<20 where life == 1 || metric % 2 == 0 {
            expected["alone.\(metric)"] = Double(life)
            try publish(metric, life...life)
        }
        // Enough for another segment, and so for another snapshot of what is remembered.
        for round in 0..<30 { try publish(20, life * 10_000 + round * 100 + 1...life * 10_000 + round * 100 + 100) }
        expected["alone.20"] = Double(life * 10_000 + 3_000)
        for isKilled in [false, true] {
            if isKilled { try site.kill() }
            let rows = try site.journal.latest(device: name.id)
            #expect(rows.count == 21)
            for row in rows { #expect(row.reading.value == .number(expected[row.reading.metric.text] ?? .nan)) }
        }
    }
}

@Test func sqlFindsRecordsByTheEndsOfSegmentsAndOfTimesToo() throws {
    let site = try Site(segmentSize: 256 << 10)
    for round in 0..<20 {
        try site.append((1...500).map { .numbered(UInt32(round * 500 + $0)) })
        site.clock.advance(by: .seconds(1))
    }
    let firsts = names(in: site.path + "/journal/readings").compactMap {
        $0.hasSuffix(".db") ? Int64($0.dropLast(3)) : nil
    }
    try #require(firsts.count > 1)
    let connection = try JournalSQL.open(dataDirectory: site.path)
    func number(_ sql: String) throws -> Int64? { try connection.firstRow(sql) { $0.int64(0) } }
    for first in firsts.dropFirst() {
        for seq in [first - 1, first] {
            #expect(try number("SELECT count(*) FROM readings WHERE seq = \(seq)") == 2)
            #expect(try number("SELECT min(seq) FROM readings WHERE seq >= \(seq)") == seq)
        }
    }
    let time = try #require(try number("SELECT min(time_ms) FROM readings"))
    for condition in ["= \(time)", "<= \(time)", "< \(time + 1_000)"] {
        #expect(try number("SELECT count(*) FROM readings WHERE time_ms \(condition)") == 1_000, "\(condition)")
    }
}

@Test func sqlSeesTheReadingsWhileTheJournalIsWritten() throws {
    let site = try Site(segmentSize: 256 << 10)
    for round in 0..<20 {
        try site.append(
            (0..<500).map { .numbered(UInt32(round * 500 + $0 + 1), device: "board-\($0 % 5)") })
    }
    try site.append(Message(device: "named", seq: 7, id: "an id", source: .serial, value: -1.5))
    let connection = try JournalSQL.open(dataDirectory: site.path)
    func number(_ sql: String) throws -> Double? { try connection.firstRow(sql) { $0.double(0) } }
    #expect(try number("SELECT count(*) FROM readings") == 20_002)
    #expect(try number("SELECT count(*) FROM readings WHERE device = 'board-3'") == 4_000)
    #expect(
        try number("SELECT count(*) FROM readings WHERE device = 'board-3' AND metric = 'bme688_a.humidity'") == 2_000)
    #expect(try number("SELECT count(*) FROM readings WHERE seq > 9990 AND seq <= 9995") == 10)
    #expect(try number("SELECT count(*) FROM readings WHERE device = 'nobody' OR seq = 3") == 2)
    #expect(try number("SELECT count(DISTINCT seq) FROM readings") == 10_001)
    #expect(try number("SELECT max(seq) FROM readings") == 10_001)
    let row = try connection.firstRow("SELECT * FROM readings WHERE device = 'named' ORDER BY seq") { row in
        (0..<row.columnCount).map { row.value($0) }
    }
    #expect(
        row == [
            10_001, "2026-01-15T14:30:00.000Z", 1_768_487_400_000, "named", "bme688_a.temperature", -1.5, "Cel", "ok",
            7,
            "an id", "serial", "",
        ])
    #expect(try number("SELECT count(*) FROM readings WHERE time >= '2026-01-15T14:30:00.000Z'") == 20_002)
    #expect(try number("SELECT count(*) FROM readings WHERE time < '2026-01-15T14:30:00.000Z'") == 0)
    #expect(throws: SQLiteError.self) { try connection.execute("DELETE FROM readings") }
    try site.append(.numbered(1, device: "later"))
    #expect(try number("SELECT count(*) FROM readings WHERE device = 'later'") == 2)
}

/// On a thread with a stack of 256 KiB: what needs more for each record passed over does not get far.
private func withSmallStack(_ body: () throws -> Void) throws {
    var failure: (any Error)?
    try withoutActuallyEscaping(body) { body in
        let run = {
            do { try body() } catch { failure = error }
        }
        try withUnsafePointer(to: run) { run in
            var attributes = pthread_attr_t()
            pthread_attr_init(&attributes)
            defer { pthread_attr_destroy(&attributes) }
            pthread_attr_setstacksize(&attributes, 256 << 10)
            var thread = pthread_t()
            let code = pthread_create(
                &thread, &attributes,
                { context in
                    context?.assumingMemoryBound(to: (() -> Void).self).pointee()
                    return nil
                }, UnsafeMutableRawPointer(mutating: run))
            try #require(code == 0)
            pthread_join(thread, nil)
        }
    }
    if let failure { throw failure }
}

@Test func sqlPassesOverAnyNumberOfRecordsWithoutAMatch() throws {
    let site = try Site(segmentSize: 1 << 20)
    for round in 0..<20 {
        try site.append((0..<5_000).map { .numbered(UInt32(round * 5_000 + $0 + 1)) })
    }
    try withSmallStack {
        let connection = try JournalSQL.open(dataDirectory: site.path)
        let counts = try connection.rows(
            "SELECT count(*) FROM readings WHERE metric = 'nope' UNION ALL SELECT count(*) FROM readings WHERE seq > 99990"
        ) { $0.int64(0) }
        #expect(counts == [0, 20])
    }
}

@Test func aQueryGoesOnBehindAnyRecordAndEndsWhereItIsTold() throws {
    let site = try Site(segmentSize: 256 << 10)
    for round in 0..<20 { try site.append((0..<500).map { .numbered(UInt32(round * 500 + $0 + 1)) }) }
    let device = try #require(DeviceID("board-1"))
    func found(_ after: Int64, _ through: Int64?) throws -> [Int64] {
        var seqs: [Int64] = []
        try site.journal.readings(
            device: device, metric: MetricName(known: "bme688_a.humidity"), after: SequenceNumber(after),
            through: through.map { SequenceNumber($0) }
        ) { row in
            seqs.append(row.seq.rawValue)
            return true
        }
        return seqs
    }
    for (after, through) in [(0, 3), (1, 1), (2_499, 7_501), (9_998, 20_000), (5_000, 4_000)] as [(Int64, Int64)] {
        #expect(try found(after, through) == Array(max(after, 0)..<max(after, min(through, 10_000))).map { $0 + 1 })
    }
    #expect(try found(9_990, nil).count == 10)
    #expect(try found(-7, nil).count == 10_000)
    #expect(try found(.max, nil).isEmpty)
}
