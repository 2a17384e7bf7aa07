import GatewayTestKit
import HTTPClient
import JSONText
import Testing

/// A disk that is full and a journal that has nothing it could give up: nothing is acknowledged that is not durable,
/// nothing is lost, and it goes on by itself. (What happens when it has: `SmallDiskTests`.)
///
/// Mounts a small file system, which only root may.
@Suite(.serialized, .enabled(if: SmallDisk.isAvailable, "needs the right to mount a tmpfs: run as root"))
struct FullDiskTests {
    private let messageCount = 30_000

    /// Large for what it says: eight values that cannot be packed.
    private static func message(_ number: Int) -> (topic: String, payload: [UInt8]) {
        let values = (0..<8).map { #"{"id":"x\#($0)","v":\#(Double(number * 8 + $0) * 1.2345678901)}"# }
        let pack = (["{\"id\":\"crash.number\",\"v\":\(number)}"] + values).joined(separator: ",")
        return ("mycobrain/full-\(number % 8)/telemetry", Array(#"{"pack":[\#(pack)]}"#.utf8))
    }

    @Test func nothingIsAcknowledgedThatDoesNotFitAndAllIsThereWhenSpaceReturns() throws {
        let broker = try BrokerProcess(settings: ["log_type none", "max_queued_messages 1000000"])
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(),
            sections: "mqtt: {broker: \"\(broker.url)\"}\njournal: {segment_size: 1MiB, max_bytes: 1GiB}")
        let disk = try SmallDisk(64 << 20, at: gateway.dataDirectory)
        // The daemon must have left the folder before it can be unmounted.
        defer {
            gateway.stop()
            disk.unmount()
        }
        #expect(try gateway.start(), "\(gateway.log)")
        let publisher = try LoadPublisher(port: broker.port, clientID: "full-disk", underWayMax: 2_000)
        publisher.publish(0..<1_000, Self.message)
        #expect(Eventually.holds(within: .seconds(20)) { gateway.recordCount == 1_000 })
        disk.fill()
        publisher.publish(1_000..<messageCount, Self.message)
        #expect(publisher.settle())
        #expect(Eventually.holds(within: .seconds(20)) { gateway.get("/ready")?.status == 503 })
        #expect(gateway.isRunning)
        let stored = gateway.recordCount
        #expect(stored < messageCount)
        #expect(try numbers(gateway).count == stored, "what is stored can be read while the disk is full")

        disk.free()
        #expect(Eventually.holds(within: .seconds(30)) { gateway.recordCount >= messageCount })
        let all = try numbers(gateway)
        #expect(all.sorted() == Array(0..<messageCount))
        #expect(Eventually.holds { gateway.get("/ready")?.status == 200 })
    }

    private func numbers(_ gateway: GatewayProcess) throws -> [Int] {
        try gateway.records(of: "readings").compactMap { record in
            record["readings"]?.array?.first { $0["id"]?.string == "crash.number" }?["v"]?.double.flatMap {
                Int(exactly: $0)
            }
        }
    }
}
