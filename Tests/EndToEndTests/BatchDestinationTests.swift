import GatewayTestKit
import HTTPClient
import JSONText
import Testing

/// The installed program with a collector of a user's own, and with an InfluxDB, through their configuration: what
/// goes over the wire, and what becomes of it when the server has troubles.
@Suite(.serialized) struct BatchDestinationTests {
    private let broker: BrokerProcess
    private let server: StandInCollector
    private let secrets: TemporaryFolder
    private let publisher: LoadPublisher

    init() throws {
        broker = try BrokerProcess()
        server = try StandInCollector()
        secrets = try TemporaryFolder("mycogate-secrets")
        try File.write("s3cret\n", to: secrets.file("token"))
        publisher = try LoadPublisher(port: broker.port, clientID: "device")
    }

    private func gateway(_ destination: String) throws -> GatewayProcess {
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(),
            sections: """
                mqtt: {broker: "\(broker.url)", client_id: gw}
                sync:
                  destinations:
                    - {name: lake, url: "\(server.url)/in", token_file: \(secrets.file("token")), streams: [readings],
                       batch_size: 40, batch_interval: 50ms, \(destination)}
                """)
        #expect(try gateway.start(), "\(gateway.log)")
        return gateway
    }

    /// Messages of five devices that number them, two readings each.
    private func publish(_ range: Range<Int>) {
        publisher.publish(range) { number in
            let text =
                #"{"seq":\#(number / 5),"msgId":"m-\#(number)","pack":[{"id":"x","v":\#(number)},{"id":"y","v":0.5}]}"#
            return ("mycobrain/board-\(number % 5)/telemetry", Array(text.utf8))
        }
        #expect(publisher.settle())
    }

    private func isDelivered(_ count: Int, _ gateway: GatewayProcess) -> Bool {
        Eventually.holds(within: .seconds(90)) {
            gateway.recordCount == count && gateway.status()?["destinations"]?["lake"]?["lag"]?.int == 0
        }
    }

    /// A batch of one record that is too large is refused: none, unless the machine is slow enough to make such a batch.
    private func resendRefused(_ gateway: GatewayProcess, expected: Int) throws {
        let refused = try gateway.tool(["sync", "refused"]).output.split(separator: "\n")
        #expect(refused.count == expected)
        for line in refused {
            let id = try #require(try JSON(parsing: String(line))["id"]?.int)
            #expect(try gateway.tool(["sync", "resend", "\(id)"]).status == 0)
        }
    }

    /// The stream as the pull side gives it, a line a record.
    private func pulled(_ gateway: GatewayProcess) -> [String] {
        let body = gateway.get("/api/v1/sync/readings?limit=10000")?.body ?? []
        return body.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func aCollectorGetsWhatThePullSideGivesInBatchesThatSayWhatTheyAre() throws {
        let gateway = try gateway(#"kind: http, compression: gzip, headers: ["X-Site: lab 1"]"#)
        publish(0..<500)
        #expect(isDelivered(500, gateway))
        let lines = server.withLedger { $0.lines }
        #expect(lines.sorted() == pulled(gateway).sorted())
        for device in 0..<5 {
            let seqs = try lines.map { try JSON(parsing: $0) }.filter { $0["device"]?.string == "board-\(device)" }
                .compactMap { $0["device_seq"]?.int }
            #expect(seqs == Array(0..<100))
        }
        let arrivals = server.withLedger { $0.arrivals }
        #expect(Set(arrivals.compactMap { $0.headers["idempotency-key"] }).count == arrivals.count)
        for arrival in arrivals {
            #expect(arrival.path == "/in")
            #expect(arrival.lines.count <= 40)
            #expect(arrival.headers["content-type"] == "application/x-ndjson")
            #expect(arrival.headers["authorization"] == "Bearer s3cret")
            #expect(arrival.headers["x-site"] == "lab 1")
            #expect(arrival.headers["mycogate-gateway"] == "gw-test-1")
            #expect(arrival.headers["mycogate-stream"] == "readings")
            #expect(arrival.headers["mycogate-count"] == "\(arrival.lines.count)")
            let seqs = try arrival.lines.compactMap { try JSON(parsing: $0)["seq"]?.int }
            #expect(arrival.headers["mycogate-first"] == seqs.first?.description)
            #expect(arrival.headers["mycogate-last"] == seqs.last?.description)
        }
        #expect(arrivals.contains { $0.headers["content-encoding"] == "gzip" })
        #expect(gateway.stop() == 0)
    }

    @Test func aCollectorInTroubleIsAskedAgainAndHasEachRecordOnce() throws {
        let gateway = try gateway("kind: http")
        server.misbehave(.answer(503, "", retryAfter: "0"))
        publish(0..<300)
        #expect(Eventually.holds { gateway.status()?["destinations"]?["lake"]?["state"]?.string == "retrying" })
        #expect(gateway.status()?["destinations"]?["lake"]?["reason"]?.string?.contains("503") == true)
        #expect(server.withLedger { $0.storedCount } == 0)
        server.misbehave(nil)
        #expect(isDelivered(300, gateway))
        // Too large: halves, and smaller batches for a while. Nobody is refused for it.
        let before = server.withLedger { $0.requests }
        server.inject(.answer(413, #"{"detail":"too large"}"#), times: 3)
        publish(300..<600)
        #expect(isDelivered(600, gateway))
        let arrivals = server.withLedger { $0.arrivals }
        let keys = arrivals.map { $0.headers["idempotency-key"] ?? "" }
        for key in keys[before..<before + 3] { #expect(keys.count { $0 == key } == 1, "sent again as it was") }
        try resendRefused(gateway, expected: arrivals[before..<before + 3].count { $0.lines.count == 1 })
        // Stored, but nobody said so.
        server.inject(.lostAnswer, times: 2)
        server.inject(.halfBody)
        publish(600..<900)
        #expect(isDelivered(900, gateway))
        server.withLedger { ledger in
            #expect(ledger.lines.count == 900)
            #expect(Set(ledger.lines).count == 900)
            #expect(ledger.repeats >= 3)
            #expect(ledger.differing == 0)
        }
        #expect(gateway.stop() == 0)
    }

    @Test func aKillAfterALostAnswerRepeatsTheVerySameRequests() throws {
        let gateway = try gateway("kind: http")
        publish(0..<100)
        #expect(isDelivered(100, gateway))
        server.misbehave(.lostAnswer)
        // Too few for a full batch: with what follows they would make another one.
        publish(100..<130)
        #expect(server.wait { $0.storedCount == 130 })
        publish(130..<400)
        gateway.kill()
        publish(400..<450)
        server.misbehave(nil)
        #expect(try gateway.start(), "\(gateway.log)")
        #expect(isDelivered(450, gateway))
        server.withLedger { ledger in
            #expect(ledger.lines.count == 450)
            #expect(Set(ledger.lines).count == 450)
            #expect(ledger.repeats > 0)
            #expect(ledger.differing == 0)
        }
        #expect(gateway.stop() == 0)
    }

    @Test func whatACollectorTakesInPartOrRefusesIsUnderstood() throws {
        let gateway = try gateway("kind: http, parallelism: 1")
        server.condemn("\"m-7\"")
        publish(0..<20)
        #expect(isDelivered(20, gateway))
        let condemned = try JSON(parsing: gateway.tool(["sync", "refused"]).output)
        #expect(condemned["status"]?.int == 400 && condemned["reason"]?.string == "poison")
        #expect(server.withLedger { $0.lines.count } == 19)
        // The first of the next batch is refused by name; the answer takes the others although this server drops them.
        server.inject(.answer(200, #"{"rejected":[{"seq":21,"reason":"no such board"}]}"#))
        publish(20..<30)
        #expect(isDelivered(30, gateway))
        #expect(gateway.status()?["destinations"]?["lake"]?["refused"]?.int == 2)
        #expect(try gateway.tool(["sync", "refused"]).output.contains("no such board"))
        let dropped = server.withLedger { $0.arrivals.last { $0.headers["mycogate-first"] == "21" }?.lines ?? [] }
        let stored = Set(server.withLedger { $0.lines })
        #expect(!dropped.isEmpty && stored.isDisjoint(with: dropped) && stored.count == 29 - dropped.count)
        // The first of the next batch is all that is taken; what follows comes again under another key.
        server.inject(.answer(200, #"{"accepted":1}"#))
        publish(30..<50)
        #expect(isDelivered(50, gateway))
        let first = server.withLedger { $0.arrivals.first { $0.headers["mycogate-first"] == "31" } }
        let after = Set(server.withLedger { $0.lines })
        let taken = try #require(first?.lines.first)
        #expect(after.count == 48 - dropped.count && !after.contains(taken))
        #expect(server.withLedger { $0.differing == 0 && $0.repeats == 0 })
        #expect(gateway.stop() == 0)
    }

    @Test func anInfluxDBGetsEachReadingAsAPointAndTheSameAgainWhenAnAnswerIsLost() throws {
        let gateway = try gateway("kind: influx, bucket: my site, org: lab, compression: gzip")
        server.misbehave(.answer(503, "", retryAfter: "0"))
        publish(0..<200)
        #expect(Eventually.holds { gateway.status()?["destinations"]?["lake"]?["state"]?.string == "retrying" })
        server.misbehave(nil)
        #expect(isDelivered(200, gateway))
        let before = server.withLedger { $0.requests }
        server.inject(.answer(413, #"{"error":"too large"}"#), times: 2)
        server.inject(.lostAnswer, times: 2)
        publish(200..<400)
        #expect(isDelivered(400, gateway))
        let large = server.withLedger { $0.arrivals[before..<before + 2] }
        try resendRefused(gateway, expected: large.count { $0.lines.count == 2 })
        let expected = try pulled(gateway).map { try JSON(parsing: $0) }.flatMap(points)
        // A point that is written again is the same point.
        let written = server.withLedger { $0.lines }
        #expect(written.count > 800)
        #expect(Set(written) == Set(expected) && expected.count == 800)
        for arrival in server.withLedger({ $0.arrivals }) {
            #expect(arrival.path == "/in/api/v2/write?org=lab&bucket=my%20site&precision=ns")
            #expect(arrival.headers["content-type"] == "text/plain; charset=utf-8")
            #expect(arrival.headers["authorization"] == "Token s3cret")
            // What is short is not worth it.
            #expect(arrival.headers["content-encoding"] == "gzip" || arrival.bodyByteCount < 256)
        }
        #expect(gateway.stop() == 0)
    }

    @Test func aPointThatAnInfluxDBDoesNotTakeIsShownAndTheRestIsWritten() throws {
        let gateway = try gateway("kind: influx, database: site, retention_policy: week")
        server.condemn("value=7,")
        publish(0..<50)
        #expect(isDelivered(50, gateway))
        #expect(server.withLedger { Set($0.lines).count } == 98)
        #expect(server.withLedger { $0.arrivals.allSatisfy { $0.path == "/in/write?db=site&rp=week&precision=ns" } })
        let refused = try JSON(parsing: gateway.tool(["sync", "refused"]).output)
        #expect(refused["status"]?.int == 400 && refused["reason"]?.string == "poison")
        server.condemn(nil)
        #expect(try gateway.tool(["sync", "resend", "\(try #require(refused["id"]?.int))"]).status == 0)
        #expect(server.withLedger { Set($0.lines).count } == 100)
        #expect(gateway.stop() == 0)
    }

    /// The points of a record, by the documentation and not by the code.
    private func points(_ record: JSON) throws -> [String] {
        let seq = try #require(record["seq"]?.int)
        let device = try #require(record["device"]?.string)
        return try (record["readings"]?.array ?? []).map { reading in
            let name = try #require(reading["id"]?.string)
            let line = server.withLedger { ledger in
                ledger.lines.first { $0.hasPrefix("\(name),device=\(device),") && $0.contains(",seq=\(seq)i ") }
            }
            let words = try #require(line).split(separator: " ")
            #expect(words.count == 3)
            #expect(words[1] == "value=\(try #require(reading["v"]).text),seq=\(seq)i")
            #expect(words[0] == "\(name),device=\(device),gateway=gw-test-1,quality=ok")
            // Nanoseconds of the record's time, to the millisecond; below stands the number.
            #expect(words[2].count == 19 && words[2].hasSuffix(String(seq % 10_000 * 100).leftPadded(to: 6)))
            return try #require(line)
        }
    }
}

extension String {
    fileprivate func leftPadded(to count: Int) -> String {
        String(repeating: "0", count: max(0, count - self.count)) + self
    }
}
