import GatewayTestKit
import Glibc
import HTTPClient
import JSONText
import SQLite
import Testing

/// What a technician does about a damaged disk, a backup, another box; with the real program.
@Suite struct DamagedStoreTests {
    /// A gateway that has stored some messages.
    private struct Filled {
        let broker: BrokerProcess
        let gateway: GatewayProcess

        init(_ count: Int) throws {
            broker = try BrokerProcess(settings: ["log_type none"])
            gateway = try GatewayProcess(binary: GatewayProcess.built(), sections: "mqtt: {broker: \"\(broker.url)\"}")
            #expect(try gateway.start(), "\(gateway.log.suffix(500))")
            let device = try LoadPublisher(port: broker.port, clientID: "device")
            device.publish(0..<count) { number in
                let body = #"{"seq":\#(number),"pack":[{"id":"temp","v":\#(number).5,"u":"C"}]}"#
                return ("mycobrain/dev-1/telemetry", Array(body.utf8))
            }
            #expect(device.settle())
            #expect(Eventually.holds { gateway.recordCount >= count })
        }
    }

    /// What is damaged below must be what is read: a database that was written last has its newest pages in its log.
    private static func emptyLog(of path: String) throws {
        let connection = try Connection(path: path, access: .readWrite)
        // A connection that has read nothing yet knows of no log.
        try connection.pragma("schema_version")
        #expect(try connection.checkpoint())
    }

    /// A user that is not root, as the service's.
    private static let serviceUser: UInt32 = 65_534

    /// As after a stop of the service, whose files are its user's; nothing unless the tests run as root.
    private static func giveToService(_ path: String) throws {
        guard geteuid() == 0 else { return }
        #expect(try ChildProcess("chown", ["-R", "\(serviceUser):\(serviceUser)", path]).waitForExit() == 0)
    }

    /// What in the folder is not its owner's.
    private static func strange(_ path: String, _ owner: UInt32? = nil) throws -> [String] {
        guard geteuid() == 0 else { return [] }
        var status = stat()
        #expect(lstat(path, &status) == 0, "\(path)")
        let owner = owner ?? status.st_uid
        let below = File.isFolder(path) ? try File.names(in: path) : []
        return try (status.st_uid == owner && status.st_gid == owner ? [] : [path])
            + below.flatMap { try strange("\(path)/\($0)", owner) }
    }

    private static func sync(_ gateway: GatewayProcess) throws -> (epoch: String, last: Int) {
        let document = try JSON(parsing: try #require(gateway.get("/api/v1/sync")).body)
        let streams = document["streams"]?.array ?? []
        let readings = streams.first { $0["name"]?.string == "readings" }
        return (document["epoch"]?.string ?? "", readings?["last_seq"]?.int ?? -1)
    }

    @Test func aBackupIsTakenOnlineAndRestoredElsewhereUnderANewEpoch() throws {
        let filled = try Filled(2_000)
        let gateway = filled.gateway
        defer { filled.broker.stop() }
        let file = gateway.folder.file("backup.tar")
        let backup = try gateway.tool(["backup", file])
        #expect(backup.status == 0, "\(backup.output)")
        let before = try Self.sync(gateway)
        #expect(before.last == 2_000)
        let other = try GatewayProcess(
            binary: GatewayProcess.built(), sections: "mqtt: {broker: \"\(filled.broker.url)\"}", id: "gw-test-2")
        try Self.giveToService(other.dataDirectory)
        let restore = try other.tool(["restore", file])
        #expect(restore.status == 0 && restore.output.contains("a new epoch"), "\(restore.output)")
        #expect(try Self.strange(other.dataDirectory).isEmpty, "root works for whom the folder belongs to")
        #expect(try other.tool(["restore", file]).status == 1, "a store in place is not overwritten")
        #expect(try other.tool(["journal", "verify"]).status == 0)
        #expect(try other.start())
        let after = try Self.sync(other)
        #expect(after.last == 2_000 && after.epoch != before.epoch && !after.epoch.isEmpty)
        let answer = try #require(other.get("/api/v1/sync/readings?after=2000&epoch=\(before.epoch)"))
        #expect(answer.status == 409)
        #expect(try JSON(parsing: answer.body)["code"]?.string == "epoch_changed")
        other.stop()
        gateway.stop()
    }

    @Test func verifyFindsASpoiltSegmentAndSalvageSavesTheRest() throws {
        let filled = try Filled(2_000)
        let gateway = filled.gateway
        defer { filled.broker.stop() }
        gateway.stop()
        #expect(try gateway.tool(["journal", "verify"]).status == 0)
        let path = gateway.dataDirectory + "/journal/readings/0000000000000001.db"
        var bytes = try File.bytes(path)
        #expect(bytes.count > 12 * 4_096)
        bytes.replaceSubrange(10 * 4_096..<11 * 4_096, with: repeatElement(0, count: 4_096))
        chmod(path, 0o600)
        try File.write(bytes, to: path)
        let verify = try gateway.tool(["journal", "verify", "--json"])
        #expect(verify.status == 2 && verify.output.contains("readings/1"), "\(verify.output)")
        unlink(gateway.dataDirectory + "/reserve")
        try Self.giveToService(gateway.dataDirectory)
        // A folder of another user's may point anywhere.
        let outside = gateway.folder.file("outside")
        try File.write("", to: outside)
        symlink(outside, gateway.dataDirectory + "/link")
        let salvage = try gateway.tool(["journal", "salvage"])
        #expect(salvage.status == 0 && salvage.output.contains("records saved"), "\(salvage.output)")
        #expect(try Self.strange(gateway.dataDirectory).isEmpty, "root works for whom the folder belongs to")
        #expect(File.exists(gateway.dataDirectory + "/reserve") && File.isFolder(gateway.dataDirectory + "/damaged"))
        #expect(try Self.strange(outside, geteuid()).isEmpty)
        let again = try gateway.tool(["journal", "verify"])
        #expect(again.status == 0, "\(again.output)")
        #expect(try gateway.start())
        let warnings = gateway.status()?["warnings"]?.array?.compactMap(\.string) ?? []
        #expect(warnings.contains { $0.contains("damaged/ holds 1 damaged file") })
        #expect(try gateway.tool(["journal", "salvage"]).status == 1, "not beside a daemon")
        gateway.stop()
    }

    @Test func aSpoiltStateIsReplacedByWhatCanBeReadOfIt() throws {
        let filled = try Filled(2_000)
        let gateway = filled.gateway
        defer { filled.broker.stop() }
        #expect(try gateway.tool(["token", "create", "tablet", "--scopes", "read:readings"]).status == 0)
        let before = try Self.sync(gateway)
        gateway.stop()
        let path = gateway.dataDirectory + "/state.db"
        try Self.emptyLog(of: path)
        var bytes = try File.bytes(path)
        // Not the first page: SQLite opens it, and would find the damage only when it comes there.
        for page in 3...6 {
            bytes.replaceSubrange(page * 4_096..<page * 4_096 + 64, with: repeatElement(0xEE, count: 64))
        }
        try File.write(bytes, to: path)
        #expect(try gateway.start(), "\(gateway.log.suffix(500))")
        let after = try Self.sync(gateway)
        #expect(after.last == 2_000 && after.epoch != before.epoch)
        #expect(File.exists(gateway.dataDirectory + "/damaged/state.db"))
        let events = try #require(gateway.get("/api/v1/sync/events?after=0"))
        #expect(String(decoding: events.body, as: UTF8.self).contains("state_damaged"))
        gateway.stop()
    }

    @Test func aStateThatTheFileSystemEmptiedIsTold() throws {
        let filled = try Filled(200)
        let gateway = filled.gateway
        defer { filled.broker.stop() }
        let before = try Self.sync(gateway)
        gateway.stop()
        for suffix in ["-wal", "-shm"] { unlink(gateway.dataDirectory + "/state.db" + suffix) }
        try File.write([], to: gateway.dataDirectory + "/state.db")
        #expect(try gateway.start(), "\(gateway.log.suffix(500))")
        let after = try Self.sync(gateway)
        #expect(after.last == 200 && after.epoch != before.epoch)
        let events = try #require(gateway.get("/api/v1/sync/events?after=0"))
        #expect(String(decoding: events.body, as: UTF8.self).contains("state_damaged"))
        gateway.stop()
    }

    @Test(.timeLimit(.minutes(5))) func noDamageToTheStateKeepsTheDaemonFromStarting() throws {
        let filled = try Filled(2_000)
        let gateway = filled.gateway
        defer { filled.broker.stop() }
        gateway.stop()
        let path = gateway.dataDirectory + "/state.db"
        try Self.emptyLog(of: path)
        let sound = try File.bytes(path)
        for seed in 1...12 as ClosedRange<UInt64> {
            var random = SeededRandom(seed: seed)
            var bytes = sound
            switch random.integer(in: 0...2) {
            case 0: bytes.removeLast(random.integer(in: 1...bytes.count))
            case 1:
                let start = random.integer(in: 0...bytes.count - 1)
                let end = min(bytes.count, start + random.integer(in: 1...20_000))
                bytes.replaceSubrange(start..<end, with: random.bytes(end - start))
            default:
                for _ in 0..<random.integer(in: 1...50) {
                    bytes[random.integer(in: 0...bytes.count - 1)] ^= UInt8(1 << random.integer(in: 0...7))
                }
            }
            try File.write(bytes, to: path)
            #expect(try gateway.start(within: .seconds(10)), "seed \(seed): \(gateway.log.suffix(300))")
            #expect(try Self.sync(gateway).last == 2_000, "seed \(seed)")
            gateway.stop()
        }
    }
}
