import GatewayModel
import GatewayTestKit
import HTTPServer
import Journal
import JSONText
import Testing

/// The promises of `GET /api/v1/sync` and below (contract, "HTTP").
struct PullTests {
    private func pullAll(_ site: PullSite, _ stream: String, limit: Int) async throws -> [JSON] {
        var lines: [JSON] = []
        var after: Int64 = 0
        while true {
            let page = try await site.get("/api/v1/sync/\(stream)?after=\(after)&limit=\(limit)")
            #expect(page.status == 200)
            let records = try page.lines
            #expect(records.count <= limit)
            lines += records
            after = try #require(page.next)
            #expect(
                page.more
                    == (after < site.journal.status(of: try #require(StreamName(rawValue: stream))).lastSeq.rawValue))
            if page.more != true { return lines }
        }
    }

    @Test(arguments: [1, 7, 100, 10_000])
    func everyStreamComesWholeAndInOrderInPagesOfAnySize(_ limit: Int) async throws {
        let site = try PullSite()
        try site.store(0..<100)
        for stream in StreamName.allCases where stream != .readings {
            for number in 0..<20 { try site.store(stream, kind: "kind_\(number)", body: #"{"n":\#(number)}"#) }
        }
        let readings = try await pullAll(site, "readings", limit: limit)
        #expect(readings.compactMap { $0["seq"]?.int } == Array(1...100))
        #expect(readings.compactMap { $0["readings"]?[0]?["v"]?.int } == Array(0..<100))
        let epoch = site.journal.epoch
        #expect(readings.compactMap { $0["id"]?.string } == (1...100).map { "gw-pull-1/\(epoch)/readings/\($0)" })
        for stream in ["events", "logs", "audit", "tasks"] {
            let notes = try await pullAll(site, stream, limit: limit)
            #expect(notes.compactMap { $0["body"]?["n"]?.int } == Array(0..<20), "\(stream)")
            #expect(notes.compactMap { $0["id"]?.string } == (1...20).map { "gw-pull-1/\(epoch)/\(stream)/\($0)" })
        }
    }

    @Test func aPageEndsBeforeItGrowsTooLargeAndTheNextGoesOn() async throws {
        let site = try PullSite()
        let text = String(repeating: "x", count: 300_000)
        for number in 0..<40 { try site.store(.logs, kind: "kind", body: #"{"n":\#(number),"text":"\#(text)"}"#) }
        let page = try await site.get("/api/v1/sync/logs?limit=10000")
        #expect(page.body.count < 5 << 20)
        #expect(page.more == true)
        #expect(page.next == Int64(try page.lines.count))
        #expect(try await pullAll(site, "logs", limit: 10_000).compactMap { $0["body"]?["n"]?.int } == Array(0..<40))
    }

    @Test(arguments: [("zstd", "zstd"), ("gzip", "gzip")])
    func aPageComesCompressedIfAsked(_ encoding: String, _ program: String) async throws {
        let site = try PullSite()
        try site.store(0..<500)
        let plain = try await site.get("/api/v1/sync/readings")
        #expect(plain.headers["Content-Encoding"] == nil)
        let coded = try await site.get("/api/v1/sync/readings", accept: encoding)
        #expect(coded.headers["Content-Encoding"] == encoding)
        #expect(coded.headers["Vary"] == "Accept-Encoding")
        #expect(coded.body.count * 3 < plain.body.count)
        #expect(coded.headers["Mycogate-Next"] == plain.headers["Mycogate-Next"])
        // Both programs look at the suffix.
        let file = site.folder.file(encoding == "gzip" ? "coded.gz" : "coded.zst")
        try File.write(coded.body, to: file)
        let decoder = try ChildProcess(program, ["-dc", file], output: site.folder.file("plain"))
        #expect(decoder.waitForExit() == 0)
        #expect(try File.bytes(site.folder.file("plain")) == plain.body)
        let refusing = try await site.get("/api/v1/sync/readings", accept: "identity, zstd;q=0, gzip;q=0")
        #expect(refusing.headers["Content-Encoding"] == nil)
        #expect(refusing.body == plain.body)
    }

    @Test func aLossIsALineAmongTheRecords() async throws {
        let site = try PullSite(segmentSize: 256 << 10, maxBytes: 1 << 20)
        for round in 0..<100 { try site.store(round * 1_000..<(round + 1) * 1_000) }
        #expect(Eventually.holds { site.journal.status(of: .readings).firstSeq.rawValue > 1 })
        let page = try await site.get("/api/v1/sync/readings?limit=5")
        let first = site.journal.status(of: .readings).firstSeq.rawValue
        let lines = try page.lines
        let gap = try #require(lines.first?["gap"])
        #expect(gap["from"]?.int64 == 1)
        #expect(gap["to"]?.int64 == first - 1)
        #expect(gap["count"]?.int64 == first - 1)
        #expect(gap["reason"]?.string == "evicted")
        #expect(lines.dropFirst().compactMap { $0["seq"]?.int64 } == Array(first..<first + 5))
        #expect(page.next == first + 4)
        // From the middle of what is gone: the rest of it.
        let cut = try await site.get("/api/v1/sync/readings?limit=1&after=\(first - 11)").lines.first?["gap"]
        #expect(cut?["from"]?.int64 == first - 10)
        #expect(cut?["count"]?.int64 == 10)
    }

    @Test func anotherEpochOrANumberNotGivenOutIs409() async throws {
        let site = try PullSite()
        try site.store(0..<10)
        for query in ["after=3&epoch=somebody-elses", "after=11", "after=11&epoch=\(site.journal.epoch)"] {
            let answer = try await site.get("/api/v1/sync/readings?\(query)")
            #expect(answer.status == 409, "\(query)")
            let problem = try answer.json
            #expect(problem["code"]?.string == "epoch_changed")
            #expect(problem["epoch"]?.string == site.journal.epoch)
            #expect(problem["first_seq"]?.int == 1)
            #expect(problem["last_seq"]?.int == 10)
        }
        #expect(try await site.get("/api/v1/sync/readings?after=10").status == 200)
        #expect(try await site.get("/api/v1/sync/readings?after=3&epoch=\(site.journal.epoch)").lines.count == 7)
        #expect(try await site.get("/api/v1/sync/nothing").status == 404)
    }

    @Test func afterANewEpochTheRecordsThatAreLeftKeepTheirIdentity() async throws {
        let lost = try PullSite()
        try lost.store(0..<10)
        let epoch = lost.journal.epoch
        let before = try await lost.get("/api/v1/sync/readings").lines
        lost.journal.close()
        let site = try PullSite(segmentsOf: lost)
        try site.store(10..<15)
        #expect(site.journal.epoch != epoch)
        let refused = try await site.get("/api/v1/sync/readings?after=10&epoch=\(epoch)")
        #expect(refused.status == 409)
        let first = try #require(try refused.json["first_seq"]?.int64)
        let after = try await site.get("/api/v1/sync/readings?after=\(first - 1)&epoch=\(site.journal.epoch)").lines
        let ids = after.compactMap { $0["id"]?.string }
        #expect(Array(ids.prefix(10)) == before.compactMap { $0["id"]?.string })
        #expect(Set(ids).count == 15)
        #expect(ids.suffix(5).allSatisfy { $0.contains(site.journal.epoch) })
    }

    @Test func aCursorMovesForwardAndBackOnlyWhenTold() async throws {
        let site = try PullSite()
        try site.store(0..<10)
        let epoch = site.journal.epoch
        func ack(_ seq: Int64, epoch: String, rewind: Bool = false) async throws -> (status: Int, acked: Int64?) {
            let body: JSON = [
                "consumer": "central", "epoch": .string(epoch), "seq": .integer(seq), "rewind": .bool(rewind),
            ]
            let answer = try await site.acknowledge("readings", body)
            return (answer.status, try answer.json["acked"]?.int64)
        }
        #expect(try await ack(6, epoch: epoch) == (200, 6))
        #expect(try await ack(3, epoch: epoch) == (200, 6))
        #expect(try await ack(3, epoch: epoch, rewind: true) == (200, 3))
        #expect(try await ack(11, epoch: epoch).status == 409)
        #expect(try await ack(5, epoch: "somebody-elses").status == 409)
        #expect(try await ack(-1, epoch: epoch).status == 422)
        let state = try await site.get("/api/v1/sync").json
        #expect(state["epoch"]?.string == epoch)
        #expect(state["gateway_id"]?.string == "gw-pull-1")
        let readings = try #require(state["streams"]?.array?.first { $0["name"]?.string == "readings" })
        #expect(readings["first_seq"]?.int == 1)
        #expect(readings["last_seq"]?.int == 10)
        #expect((readings["bytes"]?.int64 ?? 0) > 0)
        #expect(readings["consumers"]?["central"]?["acked"]?.int == 3)
        #expect(readings["consumers"]?["central"]?["lag"]?.int == 7)
        // What goes back is entered in the audit.
        #expect(try await site.get("/api/v1/sync/audit").lines.map { $0["kind"]?.string } == ["cursor_rewound"])
        for body: JSON in [
            [:], ["consumer": "c", "epoch": .string(epoch)], ["consumer": "a b", "epoch": .string(epoch), "seq": 1],
        ] {
            #expect(try await site.acknowledge("readings", body).status == 422, "\(body.text)")
        }
        #expect(
            try await site.acknowledge("readings", ["consumer": "mas", "epoch": .string(epoch), "seq": 1]).status == 403
        )
    }

    @Test func aPullerThatWaitsIsAnsweredWhenSomethingComes() async throws {
        let site = try PullSite()
        try site.store(0..<3)
        let nobody = try await site.get("/api/v1/sync/readings?after=3&wait=1")
        #expect(nobody.status == 200)
        #expect(nobody.body.isEmpty)
        #expect(nobody.next == 3)
        #expect(nobody.more == false)
        // Something in another stream wakes nobody here.
        try site.store(.events, kind: "other")
        async let waiting = site.get("/api/v1/sync/readings?after=3&wait=60")
        try site.store(3..<5)
        #expect(try await waiting.lines.compactMap { $0["seq"]?.int } == [4, 5])
        // What is there already is not waited for.
        #expect(try await site.get("/api/v1/sync/readings?after=4&wait=60").lines.count == 1)
    }

    @Test(.timeLimit(.minutes(5))) func aPullerThatWaitsIsAnsweredByTheVeryNextRecord() async throws {
        let site = try PullSite()
        try site.store(0..<1)
        for seq in 1...20 {
            async let waiting = site.get("/api/v1/sync/readings?after=\(seq)&wait=60")
            // Mostly it waits by then, which is what is meant here.
            for _ in 0..<200 { await Task.yield() }
            try site.store(seq..<seq + 1)
            #expect(try await waiting.next == Int64(seq + 1))
        }
    }
}
