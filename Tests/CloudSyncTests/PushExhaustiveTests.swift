import GatewayModel
import Testing

@testable import CloudSync

/// Every order of events up to a length, then healing: nothing lost, nothing out of order, the cursor without a hole.
struct PushExhaustiveTests {
    private static let choices = 11

    @Test func everyOrderOfEventsEndsWithEverythingDelivered() {
        everyOrder(of: Self.choices, length: 5) { choices in
            var settings = PushSettings()
            settings.parallelism = 2
            settings.windowRecordsMax = 4
            settings.pageRecords = 2
            settings.troublesInRowMax = 2
            try play(choices, settings)
        }
    }

    @Test func everyOrderOfEventsEndsWithEveryBatchDeliveredOnce() {
        everyOrder(of: Self.choices + 2, length: 4) { choices in
            var batching = PushSettings.Batching()
            batching.recordsMax = 3
            batching.isSealed = true
            var settings = PushSettings(batching: batching, parallelism: 2)
            settings.windowRecordsMax = 6
            settings.pageRecords = 3
            settings.troublesInRowMax = 2
            try play(choices, settings)
        }
    }

    private func everyOrder(of choices: Int, length: Int, _ body: ([Int]) throws -> Void) {
        var choice = [Int](repeating: 0, count: length)
        while true {
            do {
                try body(choice)
            } catch {
                Issue.record("\(choice): \(error)")
                return
            }
            var place = 0
            while place < length {
                choice[place] += 1
                if choice[place] < choices { break }
                choice[place] = 0
                place += 1
            }
            if place == length { return }
        }
    }

    private func play(_ choices: [Int], _ settings: PushSettings) throws {
        let world = PushWorld(devices: ["a", "b", "a", "c", "b"], settings: settings, lost: [4])
        for choice in choices {
            try world.pump()
            try step(world, choice)
        }
        try world.heal()
    }

    private func step(_ world: PushWorld, _ choice: Int) throws {
        switch choice {
        case 0: if !world.underWay.isEmpty { try world.answer(0, .accepted, stores: true) }
        case 1: if world.underWay.count > 1 { try world.answer(1, .accepted, stores: true) }
        case 2:
            // A destination that has stored a batch does not condemn its repeat.
            guard let request = world.underWay.first, world.storedByKey[request.key] == nil else { return }
            try world.answer(0, .condemned(status: 400, reason: "x"), stores: false)
        case 3: if !world.underWay.isEmpty { try world.answer(0, .troubled(reason: "lost"), stores: true) }
        case 4: if !world.underWay.isEmpty { try world.answer(0, .unavailable(reason: "down"), stores: false) }
        case 5:
            if !world.underWay.isEmpty {
                try world.answer(0, .limited(reason: "slow", retryAfter: 2_000), stores: false)
            }
        case 6: if !world.underWay.isEmpty { try world.answer(0, .misdirected(reason: "elsewhere"), stores: false) }
        case 7: world.passTime()
        case 8: world.crash()
        case 9: world.journalFails.toggle()
        case 11:
            guard let request = world.underWay.first, world.storedByKey[request.key] == nil else { return }
            try world.answer(0, .acceptedFirst(1), stores: true)
        case 12:
            guard let request = world.underWay.first, world.storedByKey[request.key] == nil else { return }
            let rejection = PushOutcome.Rejection(index: request.seqs.count - 1, status: 422, reason: "x")
            try world.answer(0, .rejected([rejection]), stores: true)
        default:
            world.machine.on(.flush, now: world.now)
            world.append("a")
        }
    }
}
