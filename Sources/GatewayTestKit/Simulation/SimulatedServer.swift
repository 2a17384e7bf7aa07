internal import CloudSync
internal import GatewayModel

/// A server upstream, in whatever mood: stores, refuses, answers late, wrongly or not at all. Checks what it is sent.
struct SimulatedServer {
    enum Mood: CaseIterable {
        case fine
        /// Nobody listens.
        case refusing
        /// Takes everything and never answers.
        case silent
        case failing, unavailable, limiting, unauthorized, foreign
    }

    struct Delivery {
        var seq: SequenceNumber
        var hash: UInt64
        var key: String
        var count = 1
    }

    let plan: SimulationPlan.Destination
    var mood = Mood.fine
    private(set) var deliveries: [String: Delivery] = [:]
    /// Devices that have sent a heartbeat since the last restart.
    private(set) var members: Set<String> = []
    /// Whether power cuts or a lost state.db have taken from the gateway what it knew of its requests.
    var mayRepeat = false
    /// Records of readings up to here have been evicted.
    var evictedTo = SequenceNumber.zero
    /// Nothing goes wrong any more.
    var isHealed = false
    private var newest: [String: SequenceNumber] = [:]
    private var keys: [String: (hash: UInt64, outcome: PushOutcome)] = [:]
    /// The first record of each batch.
    private var firsts: [String: SequenceNumber] = [:]
    private var random: SeededRandom

    init(_ plan: SimulationPlan.Destination, seed: UInt64) {
        self.plan = plan
        random = SeededRandom(seed: seed)
    }

    private var trouble: Double { isHealed ? 0 : plan.trouble }

    func has(_ identity: String) -> Bool { deliveries[identity] != nil }

    mutating func restart() { members = [] }

    /// Takes a request; the answer, and after how many milliseconds it is there.
    mutating func take(
        _ request: SimulatedRequest, _ ledger: SimulationLedger
    ) throws -> (answer: SimulatedAnswer, delay: Int64) {
        let delay = Int64(random.integer(in: 1...200))
        switch request.content {
        case .heartbeat(let device): return heartbeat(device, delay)
        case .records(let items, let key):
            for item in items {
                guard let number = item.number, !ledger.isPublished(number, by: item.device) else { continue }
                throw SimulationViolation("message \(number) of \(item.device) was delivered and never published")
            }
            return try take(items, key, delay)
        }
    }

    private mutating func heartbeat(_ device: String, _ delay: Int64) -> (SimulatedAnswer, Int64) {
        switch mood {
        case .fine where !random.chance(trouble):
            return (.heartbeat(.accepted(isNew: members.insert(device).inserted)), delay)
        case .limiting: return (.heartbeat(.failed(retryAfter: 20_000)), delay)
        case .silent: return (.heartbeat(.failed(retryAfter: nil)), 30_000)
        default: return (.heartbeat(.failed(retryAfter: nil)), delay)
        }
    }

    private mutating func take(
        _ items: [SimulatedRequest.Item], _ key: String, _ delay: Int64
    ) throws -> (SimulatedAnswer, Int64) {
        switch mood {
        case .fine: break
        case .refusing: return (.outcome(.unreachable(reason: "connection refused")), 1)
        case .silent:
            // Some servers do the work all the same.
            if random.chance(0.5) { _ = try store(items, key) }
            return (.outcome(.troubled(reason: "no answer in time")), 30_000)
        case .failing: return (.outcome(.troubled(reason: "HTTP 500")), delay)
        case .unavailable: return (.outcome(.unavailable(reason: "HTTP 503", retryAfter: 5_000)), delay)
        case .limiting: return (.outcome(.limited(reason: "HTTP 429", retryAfter: 20_000)), delay)
        case .unauthorized: return (.outcome(.misdirected(reason: "HTTP 401")), delay)
        case .foreign: return (.outcome(.misdirected(reason: "HTTP 200 with text/html")), delay)
        }
        guard random.chance(trouble) else { return (.outcome(try store(items, key)), delay) }
        switch random.integer(in: 0...6) {
        case 0:
            _ = try store(items, key)
            return (.outcome(.troubled(reason: "connection reset")), delay)
        case 1:
            _ = try store(items, key)
            return (.outcome(.troubled(reason: "HTTP 500")), delay)
        case 2:
            _ = try store(items, key)
            return (.outcome(.troubled(reason: "no answer in time")), 30_000)
        case 3: return (.outcome(.troubled(reason: "HTTP 502")), delay)
        case 4: return (.outcome(.unavailable(reason: "HTTP 503")), delay)
        case 5: return (.outcome(.limited(reason: "HTTP 429", retryAfter: 1_000)), delay)
        default: return (.outcome(.abandoned), delay)
        }
    }

    private func isPoison(_ item: SimulatedRequest.Item) -> Bool {
        guard plan.poisonEvery > 0, let number = item.number else { return false }
        return number % plan.poisonEvery == 0
    }

    /// Stores what it will have, as servers of its kind do; what it answers.
    private mutating func store(_ items: [SimulatedRequest.Item], _ key: String) throws -> PushOutcome {
        let hash = items.reduce(UInt64(0)) { ($0 &* 31) ^ $1.identity.stableHash }
        if plan.kind == .keyedBatches, let known = keys[key] {
            guard known.hash == hash else { throw SimulationViolation("the key \(key) stands for two batches") }
            return known.outcome
        }
        firsts[key] = items.first?.seq
        let poison = items.indices.filter { isPoison(items[$0]) }
        if let first = poison.first {
            guard items.count > 1 else { return .condemned(status: 422, reason: "poison") }
            // Half of the servers judge each record, the others the whole request.
            if plan.poisonEvery % 2 == 0 { return .condemned(status: 400, reason: "record \(first)") }
            for index in items.indices where !poison.contains(index) { try enter(items[index], key) }
            let outcome = PushOutcome.rejected(poison.map { .init(index: $0, status: 422, reason: "poison") })
            keys[key] = (hash, outcome)
            return outcome
        }
        if items.count > 1, plan.kind != .records, random.chance(trouble / 4) {
            let count = random.integer(in: 1...items.count - 1)
            for item in items.prefix(count) { try enter(item, key) }
            keys[key] = (hash, .acceptedFirst(count))
            return .acceptedFirst(count)
        }
        for item in items { try enter(item, key) }
        keys[key] = (hash, .accepted)
        return .accepted
    }

    private mutating func enter(_ item: SimulatedRequest.Item, _ key: String) throws {
        let hash = item.bytes.withUnsafeBytes { PayloadHash.of($0) }
        if var known = deliveries[item.identity] {
            // What was evicted is not known any more when a device sends it again after a restart: a record of its own.
            guard known.hash == hash || known.seq <= evictedTo && known.seq != item.seq else {
                throw SimulationViolation("record \(item.seq) was delivered with two contents as \(item.identity)")
            }
            // A batch of which the first records are gone cannot be repeated as it was.
            let isCut = item.stream == .readings && firsts[known.key].map { $0 <= evictedTo } ?? false
            guard plan.kind != .keyedBatches || known.key == key || mayRepeat || isCut else {
                throw SimulationViolation("record \(item.seq) was delivered in two batches, \(known.key) and \(key)")
            }
            known.count += 1
            deliveries[item.identity] = known
            return
        }
        deliveries[item.identity] = Delivery(seq: item.seq, hash: hash, key: key)
        guard item.stream == .readings else { return }
        guard item.seq > newest[item.device, default: .zero] else {
            let before = newest[item.device, default: .zero]
            throw SimulationViolation("record \(item.seq) of \(item.device) came after \(before)")
        }
        newest[item.device] = item.seq
    }
}

extension String {
    /// The same in every process.
    var stableHash: UInt64 {
        var text = self
        return text.withUTF8 { PayloadHash.of(UnsafeRawBufferPointer($0)) }
    }
}
