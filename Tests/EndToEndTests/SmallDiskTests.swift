import GatewayTestKit
import Glibc
import HTTPClient
import JSONText
import Testing

/// The whole store on a disk of eight megabytes: 120,000 messages while the upstream is down, then at zero free bytes, then
/// back. Mounts a small file system, which needs the right to.
///
/// The time at zero free bytes is short unless `SMALL_DISK_SECONDS` gives another
/// (`make test SMALL_DISK_SECONDS=60 ARGS="--filter SmallDiskTests"`).
@Suite(.serialized, .enabled(if: SmallDisk.isAvailable, "needs the right to mount a tmpfs: run as root"))
struct SmallDiskTests {
    private static let messageCount = 120_000
    private static let fullCount = 20_000
    private static let eventCount = 60

    private static var seconds: Int { getenv("SMALL_DISK_SECONDS").flatMap { Int(String(cString: $0)) } ?? 6 }

    private static func message(_ number: Int) -> (topic: String, payload: [UInt8]) {
        func value(_ salt: Int, _ range: Int) -> Int { (number &* 7_919 &+ salt &* 104_729) % range }
        let values = [
            ("bme688_a.temperature", "\(20 + value(1, 5)).\(value(2, 90) + 10)"),
            ("bme688_a.humidity", "\(40 + value(3, 20)).\(value(4, 90) + 10)"),
            ("bme688_a.pressure", "101\(value(5, 9)).\(value(6, 90) + 10)"),
            ("bme688_a.gas", "\(48_000 + value(7, 900))"),
            ("bme688_a.iaq", "\(25 + value(8, 70))"), ("analog.ai1", "1.\(value(9, 9_000) + 1_000)"),
            ("analog.ai2", "2.\(value(10, 9_000) + 1_000)"),
        ]
        let pack = values.map { #"{"id":"\#($0)","v":\#($1)}"# } + [#"{"id":"crash.number","v":\#(number)}"#]
        let body = #"{"seq":\#(number / 20),"pack":[\#(pack.joined(separator: ","))]}"#
        return ("mycobrain/small-\(number % 20)/telemetry", Array(body.utf8))
    }

    @Test func eightMegabytesTakeWhatComesForAsLongAsTheUpstreamIsDownAndTheDiskIsFull() throws {
        let broker = try BrokerProcess(settings: ["log_type none", "max_queued_messages 1000000"])
        let masPort = try LoopbackPort.free()
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(),
            sections: """
                mqtt: {broker: "\(broker.url)"}
                sync:
                  destinations: [{name: mas, kind: mas, url: "http://127.0.0.1:\(masPort)"}]
                """)
        let disk = try SmallDisk(8 << 20, at: gateway.dataDirectory)
        defer {
            gateway.stop()
            disk.unmount()
        }
        #expect(try gateway.start(), "\(gateway.log)")
        let publisher = try LoadPublisher(port: broker.port, clientID: "small-disk", underWayMax: 2_000)

        // The upstream is down.
        let before = Self.messageCount - Self.fullCount
        publisher.publish(0..<before, Self.message)
        #expect(publisher.settle())
        #expect(Eventually.holds(within: .seconds(240)) { gateway.recordCount >= before }, "\(gateway.log)")

        // Nothing is free, and messages keep coming.
        let events = try LoadPublisher(port: broker.port, clientID: "small-disk-events")
        let share = Self.fullCount / Self.eventCount
        let interval = UInt64(Self.seconds) * 1_000_000_000 / UInt64(Self.fullCount)
        disk.fill()
        for round in 0..<Self.eventCount {
            let first = before + round * share
            let last = round == Self.eventCount - 1 ? Self.messageCount : first + share
            publisher.publish(first..<last, interval: interval, Self.message)
            events.publish(round..<round + 1) {
                ("mycosoft/devices/small-\($0 % 20)/events", Array(#"{"event":"door","number":\#($0)}"#.utf8))
            }
            if round % 20 == 10 { try expectReadable(gateway, disk) }
            if round == 40 {
                disk.fill()
                gateway.kill()
                #expect(try gateway.start(), "\(gateway.log)")
            }
        }
        #expect(publisher.settle() && events.settle())
        #expect(Eventually.holds(within: .seconds(120)) { gateway.recordCount >= Self.messageCount }, "\(gateway.log)")
        #expect(gateway.isRunning)
        #expect(gateway.get("/ready")?.status == 200, "full is not broken")

        // Back.
        disk.fill()
        disk.free()
        var settings = StandInMAS.Configuration()
        settings.port = UInt16(masPort)
        let mas = try StandInMAS(settings)
        publisher.publish(Self.messageCount..<Self.messageCount + 1, Self.message)
        #expect(Eventually.holds(within: .seconds(10)) { isRecovered(gateway) }, "\(gateway.status()?.text ?? "")")
        #expect(Eventually.holds(within: .seconds(10)) { mas.withLedger { !$0.deliveries.isEmpty } })
        #expect(Eventually.holds(within: .seconds(300)) { gateway.status()?["destinations"]?["mas"]?["lag"]?.int == 0 })
        try judge(gateway, mas, publisher.acknowledged)
    }

    /// Reading, pulling, `sync` and moving a cursor need no space.
    private func expectReadable(_ gateway: GatewayProcess, _ disk: SmallDisk) throws {
        disk.fill()
        #expect(disk.freeBytes == 0)
        let page = try #require(gateway.get("/api/v1/sync/readings?limit=10000&after=0"))
        #expect(page.status == 200 && page.body.count > 100_000)
        #expect(gateway.get("/api/v1/readings/latest")?.status == 200)
        #expect(gateway.get("/api/v1/readings?device=small-3&metric=bme688_a.gas")?.status == 200)
        let sync = try gateway.tool(["sync"])
        #expect(sync.status == 0 && sync.output.contains("gone from readings: 1…"), "\(sync.output)")
        #expect(sync.output.contains("retrying"), "\(sync.output)")
        #expect(try gateway.tool(["sync", "export", "audit"]).status == 0)
        let counted = try gateway.tool(["sql", "select count(*) from readings where device = 'small-3'"])
        #expect(counted.status == 0, "\(counted.output)")
        let epoch = gateway.status()?["epoch"]?.string ?? ""
        let next = page.header("Mycogate-Next") ?? ""
        let name = "puller-\(next)"
        let created = try gateway.tool(["token", "create", name, "--scopes", "sync:pull", "--json"])
        let token = try JSON(parsing: Array(created.output.utf8))["token"]?.string ?? ""
        let body = #"{"consumer":"central","epoch":"\#(epoch)","seq":\#(next)}"#
        let headers = [
            ClientRequest.Header("Content-Type", "application/json"),
            ClientRequest.Header("Authorization", "Bearer \(token)"),
        ]
        let request = ClientRequest(
            .post, gateway.url + "/api/v1/sync/readings/ack", headers: headers, body: Array(body.utf8))
        let acknowledgement = try HTTPClient(ClientSettings()).send(request)
        #expect(acknowledgement.status == 200, "\(text(acknowledgement))")
    }

    private func isRecovered(_ gateway: GatewayProcess) -> Bool {
        guard let status = gateway.status(), let disk = status["disk"] else { return false }
        return status["ready"]?.bool == true && (disk["reserve_bytes"]?.int ?? 0) > 0
            && gateway.recordCount > Self.messageCount
    }

    /// The ledgers outside against the one inside.
    private func judge(_ gateway: GatewayProcess, _ mas: StandInMAS, _ acknowledged: [Int]) throws {
        #expect(acknowledged.count == Self.messageCount + 1)
        var delivered: [Int] = []
        mas.withLedger { ledger in
            #expect(ledger.repeats == 0 && ledger.differing == 0)
            for delivery in ledger.deliveries.values {
                // What has no number fails the comparison below.
                let pack = (try? JSON(parsing: delivery.envelope))?["envelope"]?["pack"]?.array ?? []
                let number = pack.first { $0["id"]?.string == "crash.number" }?["v"]?.double
                delivered.append(number.flatMap { Int(exactly: $0) } ?? -1)
            }
        }
        let missing = Set(acknowledged).subtracting(delivered).sorted()
        #expect(Set(delivered).count == delivered.count, "nothing under two names")
        #expect(missing.count > 10_000, "the disk was too small for all")
        // What the destination had in its hands while the upstream was down is delivered all the same.
        let newest = try #require(missing.last)
        #expect(delivered.count { $0 < newest } < 4_000, "the oldest went")
        let status = try #require(gateway.status())
        #expect(status["losses"]?["readings"]?.int == missing.count)
        for stream in ["events", "audit", "logs", "tasks"] { #expect(status["losses"]?[stream]?.int == 0) }
        let sync = gateway.get("/api/v1/sync").flatMap { try? JSON(parsing: $0.body) }
        let streams = try #require(sync?["streams"]?.array)
        let losses = streams.first { $0["name"]?.string == "readings" }?["losses"]?.array ?? []
        #expect(losses.compactMap { $0["needed"]?.int }.reduce(0, +) == missing.count)
        let audit = try gateway.records(of: "audit").filter {
            ["records_evicted", "records_lost"].contains($0["kind"]?.string)
        }
        #expect(audit.compactMap { $0["body"]?["needed"]?.int }.reduce(0, +) == missing.count)
        let numbers = try gateway.records(of: "events").filter { $0["kind"]?.string == "device_event" }
            .compactMap { $0["body"]?["number"]?.int }
        #expect(numbers.sorted() == Array(0..<Self.eventCount))
        let tokens = try gateway.records(of: "audit").count { $0["kind"]?.string == "token_created" }
        #expect(tokens == 3, "what was done at zero free bytes is in the audit")
        let metrics = text(gateway.get("/metrics"))
        #expect(metrics.contains("mycogate_stream_lost_total{stream=\"readings\"} \(missing.count)\n"))
    }

    private func text(_ answer: ClientAnswer?) -> String { String(decoding: answer?.body ?? [], as: UTF8.self) }
}
