internal import CloudSync
internal import GatewayModel

/// What the seed has in store for a site: its size, its destinations, and which troubles it sees.
struct SimulationPlan {
    /// What can go wrong, beside what happens to single messages and requests all the time.
    enum Trouble: CaseIterable {
        case kill, killInCommit, powerCut, powerCutInCommit, lostState, siteWithoutPower
        case connectionReset, brokerForgets
        case diskFull, diskFails, diskHiccup
        case clockJump, clockUntrusted
        case outage
        case flush, rewind, reboot, burst

        /// As the trace shows it.
        var name: StaticString {
            switch self {
            case .kill: "trouble: kill"
            case .killInCommit: "trouble: kill in a commit"
            case .powerCut: "trouble: power cut"
            case .powerCutInCommit: "trouble: power cut in a commit"
            case .lostState: "trouble: state.db lost"
            case .siteWithoutPower: "trouble: gateway and broker without power"
            case .connectionReset: "trouble: connection to the broker reset"
            case .brokerForgets: "trouble: broker forgets"
            case .diskFull: "trouble: disk full"
            case .diskFails: "trouble: disk fails"
            case .diskHiccup: "trouble: one disk call fails"
            case .clockJump: "trouble: clock jumps"
            case .clockUntrusted: "trouble: clock not trusted"
            case .outage: "trouble: outage"
            case .flush: "trouble: flush"
            case .rewind: "trouble: puller rewinds"
            case .reboot: "trouble: device reboots"
            case .burst: "trouble: burst"
            }
        }
    }

    struct Destination {
        enum Kind {
            /// One record a request, devices side by side, heartbeats: as the MAS.
            case records
            /// Batches that a server recognises by their key.
            case keyedBatches
            /// Batches of records that a server stores by their identity.
            case batches
        }

        var kind: Kind
        var settings: PushSettings
        /// One of so many messages is condemned; 0: none.
        var poisonEvery: Int
        /// The share of requests that go wrong.
        var trouble: Double
        /// Whether the server limits requests as the MAS does without a token.
        var isPaced: Bool
    }

    var messageCount: Int
    var devices: [(kind: SimulatedDevice.Kind, interval: Int64)]
    var receiveMaximum: Int
    var batchMax: Int
    var destinations: [Destination]
    var troubles: [Trouble]
    /// Milliseconds between two troubles on average.
    var troubleInterval: Int
    /// The probability that the process dies before a step that it was about to take.
    var stepCrash: Double
    /// The probabilities of messages that arrive late, or twice.
    var lateness: Double
    var repetition: Double
    var segmentSize: Int64
    var maxBytes: Int64
    var pullerCount: Int
    var isPullerRequired: Bool

    init(_ random: inout SeededRandom) {
        messageCount = random.integer(in: 60...420)
        devices = (0..<random.integer(in: 2...9)).map { index in
            let kind = SimulatedDevice.Kind(rawValue: index % SimulatedDevice.Kind.allCases.count) ?? .plain
            return (kind, Int64(random.integer(in: 200...6_000)))
        }
        receiveMaximum = random.integer(in: 2...60)
        batchMax = random.integer(in: 1...40)
        destinations = (0..<random.integer(in: 1...3)).map { _ in Destination(&random) }
        let rate = Double(random.integer(in: 2...7)) / 10
        troubles = Trouble.allCases.filter { _ in random.chance(rate) }
        troubleInterval = random.integer(in: 4_000...60_000)
        stepCrash = random.chance(0.5) ? Double(random.integer(in: 1...10)) / 10_000 : 0
        lateness = random.chance(0.5) ? 0.1 : 0
        repetition = random.chance(0.5) ? 0.1 : 0
        let isTight = random.chance(0.3)
        segmentSize = Int64(isTight ? 24 : random.integer(in: 24...80)) << 10
        maxBytes = isTight ? segmentSize * Int64(random.integer(in: 2...4)) : 1 << 30
        pullerCount = random.integer(in: 0...2)
        isPullerRequired = random.chance(0.5)
    }
}

extension SimulationPlan.Destination {
    /// What it is sent, the most urgent first.
    var streams: [StreamName] { kind == .records ? [.readings] : [.events, .readings] }

    fileprivate init(_ random: inout SeededRandom) {
        let kinds: [Kind] = [.records, .keyedBatches, .batches]
        kind = kinds[random.integer(in: 0...2)]
        poisonEvery = random.chance(0.3) ? random.integer(in: 7...60) : 0
        trouble = random.chance(0.7) ? Double(random.integer(in: 1...30)) / 100 : 0
        isPaced = kind == .records && random.chance(0.2)
        switch kind {
        case .records:
            settings = PushSettings()
            settings.parallelism = random.integer(in: 1...8)
            settings.windowRecordsMax = random.integer(in: 4...64)
            settings.pageRecords = random.integer(in: 1...32)
            settings.windowSpanMax = random.integer(in: 64...512)
        case .keyedBatches, .batches:
            var batching = PushSettings.Batching()
            batching.recordsMax = random.integer(in: 2...40)
            batching.byteCountMax = random.integer(in: 400...20_000)
            batching.interval = Int64(random.integer(in: 0...2_000))
            batching.isSealed = kind == .keyedBatches
            settings = PushSettings(batching: batching, parallelism: random.integer(in: 1...4))
        }
        settings.saveInterval = Int64(random.integer(in: 1...2_000))
    }
}
