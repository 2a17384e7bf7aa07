import GatewayModel
import GatewayTestKit
import HTTPServer
import JSONText
import Journal
import Synchronization
import Testing

@testable import ControlAPI

/// Answers of any size: whole, and never all in memory for a client that takes its time.
@Suite struct BulkAnswerTests {
    private static let range = "from=0&to=4102444800000"

    /// All of an answer, and whether it was made while it was sent.
    private func all(_ response: HTTPResponse) async throws -> (bytes: [UInt8], isStreamed: Bool) {
        switch response.body {
        case .bytes(let bytes): return (bytes, false)
        case .stream(let send):
            let taken = Mutex<[UInt8]>([])
            try await send(ResponseStream { piece in taken.withLock { $0 += piece } })
            return (taken.withLock { $0 }, true)
        case .webSocket: throw JSONError.malformed
        }
    }

    private func get(_ site: PullSite, _ query: String) async throws -> (text: String, isStreamed: Bool) {
        let response = try await site.response(to: "/api/v1/readings?device=board-1&\(Self.range)&\(query)")
        #expect(response.status == 200)
        let (bytes, isStreamed) = try await all(response)
        return (String(decoding: bytes, as: UTF8.self), isStreamed)
    }

    @Test func everyFormatHasAllReadingsInOrderAndIsMadeWhileItIsSent() async throws {
        let site = try PullSite(segmentSize: 256 << 10)
        for round in 0..<10 { try site.store(round * 1_000..<(round + 1) * 1_000) }
        let expected = Array(0..<10_000)
        let lines = try await get(site, "format=ndjson")
        let values = try lines.text.split(separator: "\n").map { try JSON(parsing: Array($0.utf8))["v"]?.int }
        #expect(values == expected && lines.isStreamed)
        let table = try await get(site, "format=csv")
        let rows = table.text.split(separator: "\n")
        #expect(rows.count == 10_001 && rows[0] == "time,device,metric,value,unit,quality,seq" && table.isStreamed)
        #expect(
            rows.dropFirst().map { $0.split(separator: ",", omittingEmptySubsequences: false)[3] }
                == expected.map { "\($0)" })
        let document = try await get(site, "limit=100000")
        let json = try JSON(parsing: Array(document.text.utf8))
        #expect((json["readings"]?.array ?? []).compactMap { $0["v"]?.int } == expected)
        #expect(json["cursor"] == JSON.null && document.isStreamed)
        #expect(try await get(site, "format=ndjson&metric=none").text.isEmpty)
    }

    @Test(arguments: [1, 499, 500, 501, 1_000, 2_345])
    func pagesOfAnyLimitJoinToTheWhole(_ limit: Int) async throws {
        let site = try PullSite()
        try site.store(0..<2_345)
        var values: [Int] = []
        var cursor = limit == 1 ? "2340" : "0"
        repeat {
            let page = try JSON(parsing: Array(try await get(site, "limit=\(limit)&cursor=\(cursor)").text.utf8))
            let found = (page["readings"]?.array ?? []).compactMap { $0["v"]?.int }
            #expect(found.count <= limit)
            values += found
            cursor = page["cursor"]?.string ?? ""
        } while !cursor.isEmpty
        #expect(values == Array((limit == 1 ? 2_340 : 0)..<2_345))
    }

    @Test func whatIsStoredWhileAnAnswerIsSentIsNotPartOfIt() async throws {
        let site = try PullSite()
        try site.store(0..<2_000)
        let response = try await site.response(to: "/api/v1/readings?device=board-1&\(Self.range)&format=ndjson")
        try site.store(2_000..<3_000)
        #expect(try await all(response).bytes.count { $0 == UInt8(ascii: "\n") } == 2_000)
    }

    @Test func aPageIsLookedUpOnlyWhenTheOneBeforeHasBeenTaken() async throws {
        let lookedUp = Mutex(0)
        let text = RowText<Int>.ndjson { .string(String(repeating: "x", count: 1_000) + "\($0)") }
        let response = try text.answer(limit: .max, after: 0) { after, limit in
            #expect(limit <= 500)
            lookedUp.withLock { $0 += limit }
            return RowPage(
                rows: Array(Int(after)..<Int(after) + limit), last: after + Int64(limit), more: after < 100_000)
        }
        guard case .stream(let send) = response.body else {
            Issue.record("all at once")
            return
        }
        let taken = Mutex(0)
        try await send(
            ResponseStream { piece in
                let count = taken.withLock { count in
                    count += piece.count { $0 == UInt8(ascii: "\n") }
                    return count
                }
                #expect(lookedUp.withLock { $0 } <= count + 1_000)
            })
        #expect(taken.withLock { $0 } == 100_500)
    }

    @Test func spectraComeWholePageByPage() async throws {
        let site = try PullSite()
        let device = try #require(DeviceID("leaf").flatMap { DeviceName($0) })
        let metrics = try (0..<100).map { try #require(MetricName("spectrum.\(400 + $0)")) }
        for number in 0..<120 {
            var batch = ObservationBatch()
            for metric in metrics { batch.append(Reading(metric, .number(Double(number)))) }
            var observation = Observation(device: device, received: site.clock.now(), source: .serial)
            observation.payloadHash = UInt64(number)
            batch.append(observation)
            try site.store(batch)
        }
        func counts(_ spectra: [JSON]) -> [Int] {
            spectra.compactMap { $0["counts"]?.array?.count == 100 ? $0["counts"]?[99]?.int : nil }
        }
        let path = "/api/v1/devices/leaf/spectra?\(Self.range)"
        let (bytes, isStreamed) = try await all(try await site.response(to: path + "&format=ndjson"))
        let lines = try bytes.split(separator: UInt8(ascii: "\n")).map { try JSON(parsing: Array($0)) }
        #expect(counts(lines) == Array(0..<120) && isStreamed)
        let page = try JSON(parsing: try await all(try await site.response(to: path)).bytes)
        #expect(counts(page["spectra"]?.array ?? []) == Array(0..<100))
        let cursor = try #require(page["cursor"]?.string)
        let rest = try JSON(parsing: try await all(try await site.response(to: path + "&cursor=\(cursor)")).bytes)
        #expect(counts(rest["spectra"]?.array ?? []) == Array(100..<120) && rest["cursor"] == JSON.null)
    }

    @Test func largeAnswersThatMustBeHeldAreFewAtATime() async throws {
        let site = try PullSite()
        for number in 0..<5 {
            try site.store(number * 1_000..<(number + 1) * 1_000)
        }
        var batch = ObservationBatch()
        let device = try #require(DeviceID("board-1").flatMap { DeviceName($0) })
        for number in 0..<4_001 {
            var observation = Observation(device: device, received: site.clock.now(), source: .mqtt)
            observation.payloadHash = UInt64(1_000_000 + number)
            observation.deviceTime = Timestamp(milliseconds: 1_700_000_000_000 + Int64(number) * 1_000, trusted: true)
            batch.append(Reading(MetricName(known: "x"), .number(Double(number))))
            batch.append(observation)
        }
        try site.store(batch)
        let large = "/api/v1/readings?device=board-1&\(Self.range)&every=1s&format=ndjson"
        var held: [HTTPResponse] = []
        for _ in 0..<3 { held.append(try await site.response(to: large)) }
        #expect(held.map(\.status) == [200, 200, 200])
        let busy = try await site.response(to: large)
        #expect(busy.status == 503 && busy.headers["Retry-After"] == "2")
        #expect(try JSON(parsing: try await all(busy).bytes)["code"]?.string == "busy")
        let small = try await site.response(to: "/api/v1/readings?device=board-1&\(Self.range)&every=1h")
        #expect(small.status == 200, "small ones are never too many")
        #expect(try await all(held.removeLast()).bytes.count { $0 == UInt8(ascii: "\n") } >= 4_001)
        #expect(try await site.response(to: large).status == 200)
    }
}
