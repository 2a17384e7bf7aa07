import Glibc

/// Lets links fail at random while messages come in all the time, then heals them, and counts.
public struct LinkTrial {
    public var binary: String
    /// How long links fail.
    public var seconds: Int
    public var seed: UInt64
    /// Whether the link to the broker fails too.
    public var breaksBroker = false
    /// Whether the daemon is asked to try again at once when all is healed, rather than after its back-off.
    public var isHurried = false
    /// Messages a second.
    public var rate = 50

    /// What was seen.
    public struct Outcome {
        public var verdict = LinkSite.Verdict()
        public var published = 0
        /// Changes of a link's state.
        public var changes = 0
        /// Most messages that the broker had acknowledged and the journal did not have yet.
        public var behindMax = 0
        /// Of the daemon: after each tenth of the time, and when all had come to rest.
        public var residentBytes: [Int] = []
        public var descriptors: [Int] = []
        /// Seconds from healing until everything was everywhere.
        public var recovery = 0.0
        public var isDelivered = false
    }

    public init(binary: String, seconds: Int, seed: UInt64) {
        self.binary = binary
        self.seconds = seconds
        self.seed = seed
    }

    /// Runs the trial. Throws if something beside the daemon does not work.
    public func run() throws -> Outcome {
        let site = try LinkSite(binary: binary)
        guard try site.start(), site.publish(100), site.delivers(within: .seconds(60)) else {
            throw FileError(operation: "start", path: site.gateway.log, code: ETIMEDOUT)
        }
        var outcome = Outcome()
        var links = (site.uplinks + (breaksBroker ? [site.brokerLink] : [])).map { Link($0) }
        var random = SeededRandom(seed: seed)
        let start = LinkLoop.milliseconds()
        let end = start + Int64(seconds) * 1_000
        var now = start
        while now < end {
            // A fifth of a second's messages at a time.
            guard site.publish(max(1, rate / 5)) else {
                throw FileError(operation: "publish", path: "", code: ETIMEDOUT)
            }
            for index in links.indices { outcome.changes += links[index].change(now, &random) }
            outcome.behindMax = max(outcome.behindMax, site.published - site.gateway.recordCount)
            if now - start >= Int64(seconds) * 100 * Int64(outcome.descriptors.count + 1) {
                outcome.residentBytes.append(site.gateway.residentBytes)
                outcome.descriptors.append(site.gateway.descriptorCount)
            }
            let rest = now + 200 - LinkLoop.milliseconds()
            if rest > 0 { usleep(UInt32(rest) * 1_000) }
            now = LinkLoop.milliseconds()
        }
        for link in links { link.proxy.heal() }
        if isHurried { try site.flush() }
        let healed = LinkLoop.milliseconds()
        outcome.isDelivered = site.delivers(within: .seconds(240))
        outcome.recovery = Double(LinkLoop.milliseconds() - healed) / 1_000
        outcome.published = site.published
        outcome.residentBytes.append(site.gateway.residentBytes)
        outcome.descriptors.append(site.gateway.descriptorCount)
        outcome.verdict = try site.verdict()
        site.gateway.stop()
        return outcome
    }

    /// A link and when it changes next.
    private struct Link {
        let proxy: LinkProxy
        private var changesAt: Int64 = 0
        private var isWhole = true

        init(_ proxy: LinkProxy) { self.proxy = proxy }

        /// Breaks or heals the link if it is time; how many changes that was.
        mutating func change(_ now: Int64, _ random: inout SeededRandom) -> Int {
            guard now >= changesAt else { return 0 }
            changesAt = now + Int64(random.integer(in: 100...3_000))
            if !isWhole {
                // One in eight: what was open is never heard of again.
                if random.chance(0.125) { proxy.healForNewConnections() } else { proxy.heal() }
            } else {
                proxy.impose(Self.fault(&random))
            }
            isWhole.toggle()
            return 1
        }

        private static func fault(_ random: inout SeededRandom) -> LinkFault {
            switch random.integer(in: 0...5) {
            case 0: .cut(abruptly: false)
            case 1: .cut(abruptly: true)
            case 2: .blackHole
            case 3: .resetAfter(byteCount: random.integer(in: 0...20_000))
            case 4: .dribble(byteCount: random.integer(in: 1...40), every: Int64(random.integer(in: 10...1_000)))
            default: .flapping(every: Int64(random.integer(in: 20...500)))
            }
        }
    }
}
