import Glibc
import HTTPClient
public import JSONText

/// Kills the real daemon again and again while messages are in flight, and then counts, outside of it, what was lost or
/// doubled: in the journal and at a stand-in MAS.
public struct CrashTrial {
    public var binary: String
    public var messages: Int
    public var kills: Int
    public var seed: UInt64

    /// What the ledgers say in the end. Numbers are those of the messages.
    public struct Verdict: Equatable {
        public var acknowledged = 0
        public var kills = 0
        public var lost: [Int] = []
        public var doubled: [Int] = []
        /// Messages that the MAS has not received, or under more than one id.
        public var undelivered: [Int] = []
        public var deliveredUnderTwoIDs: [Int] = []
        /// Requests repeated with another content: must stay 0.
        public var differing = 0
        /// Requests repeated with the same content, because their answer was lost with the daemon.
        public var repeats = 0

        /// Nothing lost, nothing doubled.
        public var isClean: Bool {
            lost.isEmpty && doubled.isEmpty && undelivered.isEmpty && deliveredUnderTwoIDs.isEmpty && differing == 0
        }
    }

    public init(binary: String, messages: Int, kills: Int, seed: UInt64) {
        self.binary = binary
        self.messages = messages
        self.kills = kills
        self.seed = seed
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
        let mas = try StandInMAS()
        let gateway = try GatewayProcess(
            binary: binary,
            sections: """
                mqtt: {broker: "\(broker.url)"}
                sync: {destinations: [{name: mas, kind: mas, url: "\(mas.url)"}]}
                """)
        guard try gateway.start() else { throw FileError(operation: "start", path: gateway.log, code: ECHILD) }
        let publisher = try LoadPublisher(port: broker.port, clientID: "crash-publisher", underWayMax: 2_000)
        var verdict = Verdict()
        var random = SeededRandom(seed: seed)
        let share = messages / (kills + 1)
        for round in 0...kills {
            let range = round * share..<(round == kills ? messages : (round + 1) * share)
            let feeding = try Companion { publisher.publish(range, Self.message) }
            if round < kills {
                // In the middle of taking messages in: one that has nothing to do loses nothing whatever it does.
                let before = gateway.recordCount
                _ = Eventually.holds(within: .seconds(20)) { gateway.recordCount > before }
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
        Self.wait(until: messages) { gateway.recordCount }
        Self.wait(until: messages) { mas.withLedger { $0.deliveries.count } }
        judge(&verdict, acknowledged, try gateway.recordedNumbers(), mas)
        gateway.stop()
        return verdict
    }

    /// Returns when `count` has got to `goal`, or has not grown for a while: then what is missing is lost.
    private static func wait(until goal: Int, _ count: () -> Int) {
        var last = -1
        repeat {
            last = count()
        } while last < goal && Eventually.holds(within: .seconds(30)) { count() > last }
    }

    private func judge(_ verdict: inout Verdict, _ acknowledged: [Int], _ recorded: [Int], _ mas: StandInMAS) {
        var seen = [Int](repeating: 0, count: messages)
        for number in recorded where seen.indices.contains(number) { seen[number] += 1 }
        verdict.lost = acknowledged.filter { seen[$0] == 0 }.sorted()
        verdict.doubled = seen.indices.filter { seen[$0] > 1 }
        mas.withLedger { ledger in
            var delivered = [Int](repeating: 0, count: messages)
            for delivery in ledger.deliveries.values {
                // An envelope without a number is counted as missing below.
                guard let body = try? JSON(parsing: delivery.envelope),
                    let pack = body["envelope"]?["pack"]?.array,
                    let number = pack.first(where: { $0["id"]?.string == "crash.number" })?["v"]?.double,
                    let number = Int(exactly: number), delivered.indices.contains(number)
                else { continue }
                delivered[number] += 1
            }
            verdict.undelivered = acknowledged.filter { delivered[$0] == 0 }.sorted()
            verdict.deliveredUnderTwoIDs = delivered.indices.filter { delivered[$0] > 1 }
            verdict.differing = ledger.differing
            verdict.repeats = ledger.repeats
        }
    }
}

extension GatewayProcess {
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
        try records(of: "readings").compactMap { record in
            let reading = record["readings"]?.array?.first { $0["id"]?.string == "crash.number" }
            return reading?["v"]?.double.flatMap { Int(exactly: $0) }
        }
    }
}
