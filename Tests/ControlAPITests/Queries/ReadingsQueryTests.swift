@testable import ControlAPI
import GatewayModel
import Journal
import Testing

@Suite struct ReadingsQueryTests {
    let now: Int64 = 1_768_478_400_000

    func query(_ parameters: [String: String]) throws -> ReadingsQuery {
        try ReadingsQuery({ parameters[$0] }, now: now)
    }

    @Test func aSpanCountsBackFromNowAndATimeIsTaken() throws {
        #expect(try query(["device": "a", "from": "2h"]).from == now - 7_200_000)
        #expect(try query(["device": "a", "from": "2026-01-15T12:00:00Z"]).from == now)
        #expect(try query(["device": "a", "from": "0", "to": "\(now)"]).to == now)
        #expect(try query(["device": "a"]).from == now - 3_600_000)
    }

    @Test(arguments: [
        ("device", "a/b"), ("from", "yesterday"), ("to", "1x"), ("every", "0s"), ("every", "-5s"), ("agg", "median"),
        ("format", "xml"), ("limit", "0"), ("limit", "100001"), ("every", "9999999999999999d"),
    ])
    func aParameterThatCannotBeUsedIsNamed(_ name: String, _ value: String) {
        #expect(throws: ReadingsQuery.Problem.self) {
            do {
                _ = try query(["device": "a"].merging([name: value]) { $1 })
            } catch let problem as ReadingsQuery.Problem {
                #expect(problem.parameter == name)
                throw problem
            }
        }
    }

    @Test func eachIntervalGivesOneValueOfEachMetric() throws {
        let device = try #require(DeviceID("a"))
        let metric = MetricName(known: "query.test")
        var aggregation = Aggregation(every: 60_000, .mean)
        for (offset, value) in [(0, 1.0), (59_999, 3.0), (60_000, 10.0), (-1, 7.0)] as [(Int64, Double)] {
            let row = ReadingRow(
                seq: SequenceNumber(1), device: device, time: Timestamp(milliseconds: now + offset, trusted: true),
                reading: Reading(metric, .number(value)))
            let isWithinBounds = aggregation.add(row)
            #expect(isWithinBounds)
        }
        let rows = aggregation.rows()
        #expect(rows.map(\.time.milliseconds) == [now - 60_000, now, now + 60_000])
        #expect(rows.map(\.reading.value) == [.number(7), .number(2), .number(10)])
    }
}
