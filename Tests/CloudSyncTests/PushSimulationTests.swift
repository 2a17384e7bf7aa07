import GatewayModel
import GatewayTestKit
import Testing

@testable import CloudSync

/// Long runs under one seed: loss, lost answers, crashes between answer and cursor, a journal that fails now and then.
struct PushSimulationTests {
    @Test(arguments: 1...60)
    func whateverHappensEveryRecordArrivesInOrder(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var settings = PushSettings()
        settings.parallelism = random.integer(in: 1...8)
        settings.windowRecordsMax = random.integer(in: 4...64)
        settings.pageRecords = random.integer(in: 1...32)
        settings.windowSpanMax = random.integer(in: 64...512)
        let devices = (0..<random.integer(in: 1...12)).map { "device-\($0)" }
        let count = random.integer(in: 50...400)
        let lost = Set((0..<count / 20).map { _ in Int64(random.integer(in: 1...count)) })
        let world = PushWorld(
            devices: (0..<count).map { _ in devices[random.integer(in: 0...devices.count - 1)] }, settings: settings,
            lost: lost)
        let poison = random.chance(0.3) ? Int64(random.integer(in: 1...count)) : 0
        for _ in 0..<2_000 {
            try world.pump()
            try step(world, &random, poison)
        }
        try world.heal()
    }

    private func step(_ world: PushWorld, _ random: inout SeededRandom, _ poison: Int64) throws {
        if random.chance(0.005) { return world.crash() }
        if random.chance(0.01) { world.journalFails.toggle() }
        if random.chance(0.02) { world.machine.on(.flush, now: world.now) }
        if world.underWay.isEmpty || random.chance(0.2) { return world.passTime() }
        let index = random.integer(in: 0...world.underWay.count - 1)
        if world.underWay[index].seq == poison {
            return try world.answer(index, .condemned(status: 422, reason: "poison"), stores: false)
        }
        switch random.integer(in: 0...19) {
        case 0: try world.answer(index, .troubled(reason: "answer lost"), stores: true)
        case 1: try world.answer(index, .troubled(reason: "HTTP 500"), stores: false)
        case 2: try world.answer(index, .unreachable(reason: "refused"), stores: false)
        case 3: try world.answer(index, .limited(reason: "HTTP 429", retryAfter: 1_000), stores: false)
        case 4: try world.answer(index, .misdirected(reason: "HTTP 302"), stores: false)
        case 5: try world.answer(index, .abandoned, stores: true)
        default: try world.answer(index, .accepted, stores: true)
        }
    }
}
