import GatewayModel
import GatewayTestKit
import Testing

@testable import CloudSync

/// Batches under every mishap: a destination that recognises repeats by their key stores every record exactly once.
struct BatchSimulationTests {
    @Test(arguments: 1...400)
    func aDestinationThatKnowsRepeatsStoresEveryRecordOnce(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var batching = PushSettings.Batching()
        batching.recordsMax = random.integer(in: 2...16)
        batching.byteCountMax = random.integer(in: 20...200)
        batching.interval = Int64(random.integer(in: 0...3)) * 100
        batching.isSealed = true
        var settings = PushSettings(batching: batching, parallelism: random.integer(in: 1...4))
        settings.windowRecordsMax = random.integer(in: 40...120)
        settings.pageRecords = random.integer(in: 1...32)
        settings.windowSpanMax = random.integer(in: 120...512)
        let devices = (0..<random.integer(in: 1...12)).map { "device-\($0)" }
        let count = random.integer(in: 50...400)
        let lost = Set((0..<count / 20).map { _ in Int64(random.integer(in: 1...count)) })
        let world = PushWorld(
            devices: (0..<count).map { _ in devices[random.integer(in: 0...devices.count - 1)] }, settings: settings,
            lost: lost)
        let poison = Set((0..<random.integer(in: 0...3)).map { _ in Int64(random.integer(in: 1...count)) })
        for _ in 0..<2_000 {
            try world.pump()
            try step(world, &random, poison)
        }
        try world.heal()
        #expect(world.condemned.isSubset(of: poison))
    }

    private func step(_ world: PushWorld, _ random: inout SeededRandom, _ poison: Set<Int64>) throws {
        if random.chance(0.01) { return world.crash() }
        if random.chance(0.01) { world.journalFails.toggle() }
        if random.chance(0.02) { world.machine.on(.flush, now: world.now) }
        if random.chance(0.05) { world.append("device-\(random.integer(in: 0...11))") }
        if world.underWay.isEmpty || random.chance(0.2) { return world.passTime() }
        let index = random.integer(in: 0...world.underWay.count - 1)
        let request = world.underWay[index]
        let isPoisoned = !poison.isDisjoint(with: request.seqs)
        if isPoisoned, random.chance(0.7) {
            if world.storedByKey[request.key] == nil, random.chance(0.5) {
                return try world.answer(index, .condemned(status: 400, reason: "poison"), stores: false)
            }
            let rejections = request.seqs.enumerated().filter { poison.contains($0.element) }.map {
                PushOutcome.Rejection(index: $0.offset, status: 422, reason: "poison")
            }
            return try world.answer(index, .rejected(rejections), stores: true)
        }
        switch random.integer(in: isPoisoned ? 2...5 : 0...19) {
        case 0, 1: try world.answer(index, .troubled(reason: "answer lost"), stores: true)
        case 2: try world.answer(index, .troubled(reason: "HTTP 500"), stores: false)
        case 3: try world.answer(index, .unreachable(reason: "refused"), stores: false)
        case 4: try world.answer(index, .limited(reason: "HTTP 429", retryAfter: 1_000), stores: false)
        case 5: try world.answer(index, .misdirected(reason: "HTTP 302"), stores: false)
        case 6: try world.answer(index, .abandoned, stores: true)
        case 7 where world.storedByKey[request.key] == nil:
            let count = random.integer(in: 0...request.seqs.count)
            try world.answer(index, .acceptedFirst(count), stores: count > 0)
        default: try world.answer(index, .accepted, stores: true)
        }
    }
}
