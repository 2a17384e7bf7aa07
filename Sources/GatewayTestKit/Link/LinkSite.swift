import Glibc
import JSONText
import NATS

/// The real daemon between a real mosquitto and a MAS, a collector and a nats-server, every link of it a `LinkProxy`: what
/// was published on the one side is held against what came out on the other.
public final class LinkSite {
    public let mas: StandInMAS
    public let collector: StandInCollector
    public let gateway: GatewayProcess
    /// To the broker; and to the MAS, the collector and the nats-server, in that order.
    public let brokerLink: LinkProxy
    public let uplinks: [LinkProxy]
    /// Messages given to the broker so far.
    public private(set) var published = 0
    private let broker: BrokerProcess
    private let nats: NATSServerProcess
    private let publisher: LoadPublisher

    /// What the ledgers say. Numbers are those of messages or records; by destination where it is a dictionary.
    public struct Verdict: Equatable {
        public var lost: [Int] = []
        public var doubled: [Int] = []
        public var undelivered: [String: Int] = [:]
        public var deliveredTwice: [String: Int] = [:]
        /// Repeats with another content.
        public var differing = 0

        /// Nothing lost, nothing doubled, on either side.
        public var isClean: Bool { self == Verdict() }
    }

    /// `start()` starts the daemon.
    public init(binary: String) throws {
        broker = try BrokerProcess(settings: ["log_type none"])
        mas = try StandInMAS()
        collector = try StandInCollector()
        nats = try NATSServerProcess()
        brokerLink = try LinkProxy(to: broker.port)
        uplinks = try [Int(mas.port), Int(collector.port), nats.port].map { try LinkProxy(to: $0) }
        let ports = uplinks.map(\.port)
        gateway = try GatewayProcess(
            binary: binary,
            sections: """
                mqtt: {broker: "mqtt://127.0.0.1:\(brokerLink.port)", client_id: gw}
                sync:
                  destinations:
                    - {name: mas, kind: mas, url: "http://127.0.0.1:\(ports[0])", required: true}
                    - {name: lake, kind: http, url: "http://127.0.0.1:\(ports[1])", streams: [readings]}
                    - {name: hub, kind: nats, url: "nats://127.0.0.1:\(ports[2])", streams: [readings]}
                """)
        publisher = try LoadPublisher(port: broker.port, clientID: "link-publisher")
    }

    /// Starts the daemon; whether it became ready.
    public func start() throws -> Bool { try gateway.start() }

    /// Publishes so many messages more, past every link, and returns when the broker has them.
    ///
    /// - Parameter interval: nanoseconds between two.
    public func publish(_ count: Int, interval: UInt64 = 0) -> Bool {
        publisher.publish(published..<published + count, interval: interval, CrashTrial.message)
        published += count
        return publisher.settle()
    }

    /// Messages that the broker has acknowledged.
    public var acknowledgedCount: Int { publisher.acknowledged.count }

    /// Waits until everything published is stored; whether it is.
    public func stores(within limit: Duration = .seconds(60)) -> Bool {
        Eventually.holds(within: limit) { gateway.recordCount >= published }
    }

    /// Waits until everything published is acknowledged by every destination; whether it is.
    public func delivers(within limit: Duration) -> Bool {
        Eventually.holds(within: limit) {
            guard gateway.recordCount >= published, let destinations = gateway.status()?["destinations"] else {
                return false
            }
            return ["mas", "lake", "hub"].allSatisfy { destinations[$0]?["lag"]?.int == 0 }
        }
    }

    /// Asks the daemon to try everything now instead of when its back-off has passed.
    public func flush() throws { _ = try gateway.tool(["sync", "flush"]) }

    /// To be asked when all has come to rest.
    public func verdict() throws -> Verdict {
        var verdict = Verdict()
        let records = try gateway.records(of: "readings")
        var seen = [Int](repeating: 0, count: published)
        for number in try gateway.recordedNumbers() where seen.indices.contains(number) { seen[number] += 1 }
        verdict.lost = publisher.acknowledged.filter { seen[$0] == 0 }.sorted()
        verdict.doubled = seen.indices.filter { seen[$0] > 1 }
        let known = mas.withLedger { ledger in
            verdict.differing += ledger.differing
            return Set(ledger.deliveries.keys)
        }
        let undelivered = records.count { !known.contains($0["msg_id"]?.string ?? "") }
        if undelivered > 0 { verdict.undelivered["mas"] = undelivered }
        collector.withLedger { verdict.differing += $0.differing }
        // A line that cannot be read is counted as missing.
        let lines = collector.withLedger { $0.lines }.compactMap { try? JSON(parsing: $0)["seq"]?.int }
        count("lake", lines, records.count, &verdict)
        let stream = try StreamContents.read("mycogate-gw-test-1", at: nats.url)
        let numbers = stream.compactMap { message in
            message.id?.split(separator: "/").last.map { $0.prefix { $0 != "#" } }.flatMap { Int($0) }
        }
        count("hub", numbers, records.count, &verdict)
        return verdict
    }

    private func count(_ name: String, _ numbers: [Int], _ goal: Int, _ verdict: inout Verdict) {
        let distinct = Set(numbers).count
        if distinct != goal { verdict.undelivered[name] = goal - distinct }
        if numbers.count != distinct { verdict.deliveredTwice[name] = numbers.count - distinct }
    }
}
