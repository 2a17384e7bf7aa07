import Glibc
import HTTPClient
public import JSONText

/// Kills the real daemon again and again while messages are in flight, and then counts, outside of it, what was lost or
/// doubled: in the journal and at the servers it delivers to.
public struct CrashTrial {
    public var binary: String
    public var messages: Int
    public var kills: Int
    public var seed: UInt64
    public var destinations: CrashDestinations

    /// What the ledgers say in the end. Numbers are those of the messages.
    public struct Verdict: Equatable {
        public var acknowledged = 0
        public var kills = 0
        public var lost: [Int] = []
        public var doubled: [Int] = []
        /// One for each destination.
        public var destinations: [CrashTally] = []

        /// Nothing lost, nothing doubled.
        public var isClean: Bool { lost.isEmpty && doubled.isEmpty && destinations.allSatisfy(\.isClean) }
    }

    public init(binary: String, messages: Int, kills: Int, seed: UInt64, destinations: CrashDestinations = .all) {
        self.binary = binary
        self.messages = messages
        self.kills = kills
        self.seed = seed
        self.destinations = destinations
    }

    /// Every second message comes from a device that numbers its messages, the rest from one that does not.
    static func message(_ number: Int) -> (topic: String, payload: [UInt8]) {
        let device = number % 16
        let seq = device % 2 == 0 ? #""seq":\#(number / 16),"# : ""
        let body = #"{\#(seq)"pack":[{"id":"crash.number","v":\#(number),"u":"1"},{"id":"temp","v":21.5,"u":"C"}]}"#
        return ("mycobrain/crash-\(device)/telemetry", Array(body.utf8))
    }

    /// Runs the trial. Throws if something beside the daemon does not work.
    public func run() throws -> Verdict {
        let broker = try BrokerProcess(settings: ["log_type none", "max_queued_messages 1000000"])
        let upstreams = try destinations.start()
        let entries = upstreams.flatMap(\.sections).map { "    - \($0)\n" }.joined()
        let gateway = try GatewayProcess(
            binary: binary, sections: "mqtt: {broker: \"\(broker.url)\"}\nsync:\n  destinations:\n\(entries)")
        guard try gateway.start() else { throw FileError(operation: "start", path: gateway.log, code: ECHILD) }
        let publisher = try LoadPublisher(port: broker.port, clientID: "crash-publisher", underWayMax: 2_000)
        var verdict = Verdict()
        var random = SeededRandom(seed: seed)
        let share = messages / (kills + 1)
        for round in 0...kills {
            let range = round * share..<(round == kills ? messages : (round + 1) * share)
            let feeding = try Companion { publisher.publish(range, Self.message) }
            if round < kills {
                awaitWork(gateway, upstreams, &random)
                usleep(UInt32(random.next() % 20_000))
                gateway.kill()
                verdict.kills += 1
                try gateway.launch()
            }
            feeding.join()
        }
        guard publisher.settle(), gateway.isReady() else {
            throw FileError(operation: "settle", path: gateway.log, code: ETIMEDOUT)
        }
        let acknowledged = publisher.acknowledged
        verdict.acknowledged = acknowledged.count
        Self.rest {
            gateway.recordCount >= messages
        } progress: {
            gateway.recordCount
        }
        let names = upstreams.map(\.name)
        Self.rest {
            gateway.hasDelivered(names)
        } progress: {
            upstreams.reduce(0) { $0 + $1.arrivalCount() }
        }
        var stored = CrashArrivals(messages: messages)
        for (index, number) in try gateway.recordedNumbers().enumerated() { stored.note(number, as: String(index)) }
        let journal = stored.tally("journal", acknowledged: acknowledged)
        verdict.lost = journal.lost
        verdict.doubled = journal.doubled
        verdict.destinations = try upstreams.map { upstream in
            var arrivals = CrashArrivals(messages: messages)
            try upstream.enter(into: &arrivals)
            return arrivals.tally(upstream.name, acknowledged: acknowledged)
        }
        gateway.stop()
        return verdict
    }

    /// Returns in the middle of taking messages in, or of delivering to one of the destinations: a daemon that has nothing
    /// to do loses nothing whatever it does.
    private func awaitWork(
        _ gateway: GatewayProcess, _ upstreams: [any CrashUpstream], _ random: inout SeededRandom
    ) {
        // Intake is half of it: what is lost there is lost for all.
        let choice = random.integer(in: 0...2 * upstreams.count - 1)
        let progress =
            upstreams.indices.contains(choice) ? upstreams[choice].arrivalCount : { gateway.recordCount }
        let before = progress()
        _ = Eventually.holds(within: .seconds(20)) { progress() > before }
    }

    /// Returns when `isDone`, or when nothing has grown for a while: then what is missing is lost.
    private static func rest(_ isDone: () -> Bool, progress: () -> Int) {
        var last = -1
        while !isDone() {
            guard Eventually.holds(within: .seconds(30), { isDone() || progress() > last }) else { return }
            last = progress()
            usleep(50_000)
        }
    }
}

extension GatewayProcess {
    /// Whether nothing waits for any of these destinations.
    func hasDelivered(_ names: [String]) -> Bool {
        guard let destinations = status()?["destinations"] else { return false }
        return names.allSatisfy { destinations[$0]?["lag"]?.int == 0 }
    }

    /// Records of the stream `readings` given out so far.
    public var recordCount: Int { status()?["streams"]?["readings"]?["last_seq"]?.int ?? 0 }

    /// Every record of a stream, pulled page by page.
    public func records(of stream: String) throws -> [JSON] {
        var records: [JSON] = []
        var after = "0"
        while true {
            guard let page = get("/api/v1/sync/\(stream)?limit=10000&after=\(after)"), page.status == 200,
                let next = page.header("Mycogate-Next")
            else { throw FileError(operation: "pull", path: stream, code: EPROTO) }
            for line in page.body.split(separator: 0x0A) { records.append(try JSON(parsing: Array(line))) }
            guard next != after else { return records }
            after = next
        }
    }

    func recordedNumbers() throws -> [Int] {
        try records(of: "readings").compactMap { CrashTrial.number(inRecord: $0) }
    }
}
