import GatewayModel
import Testing

@testable import CloudSync

struct PushMachineTests {
    private func world(_ devices: [String], _ change: (inout PushSettings) -> Void = { _ in }) throws -> PushWorld {
        var settings = PushSettings()
        change(&settings)
        let world = PushWorld(devices: devices, settings: settings)
        try world.pump()
        return world
    }

    @Test func devicesGoInParallelAndOneDeviceInOrder() throws {
        let world = try world(["a", "a", "b", "c", "c"])
        #expect(world.underWay.map(\.seq) == [1, 3, 4])
        try world.answer(0, .accepted, stores: true)
        try world.pump()
        #expect(world.underWay.map(\.seq) == [3, 4, 2])
    }

    @Test func theCursorWaitsForTheOldestRecord() throws {
        let world = try world(["a", "b", "c"])
        try world.answer(1, .accepted, stores: true)
        try world.answer(1, .accepted, stores: true)
        try world.pump()
        #expect(world.saved == .zero)
        try world.answer(0, .accepted, stores: true)
        try world.pump()
        #expect(world.saved == SequenceNumber(3))
    }

    @Test func theCursorIsStoredAtMostOnceAnInterval() throws {
        let world = try world(["a", "a", "a"])
        try world.answer(0, .accepted, stores: true)
        try world.pump()
        #expect(world.saved == SequenceNumber(1))
        try world.answer(0, .accepted, stores: true)
        try world.pump()
        #expect(world.saved == SequenceNumber(1))
        world.now += world.settings.saveInterval
        try world.pump()
        #expect(world.saved == SequenceNumber(2))
    }

    @Test func aCondemnedRecordDoesNotBlockTheRest() throws {
        let world = try world(["a", "a"])
        try world.answer(0, .condemned(status: 422, reason: "bad"), stores: false)
        try world.pump()
        #expect(world.condemned == [1])
        #expect(world.saved == SequenceNumber(1))
        #expect(world.underWay.map(\.seq) == [2])
        #expect(world.condition == .flowing)
    }

    @Test func aCondemnedRecordIsAcknowledgedOnlyWhenItIsStored() throws {
        let world = try world(["a", "a"])
        world.journalFails = true
        try world.answer(0, .condemned(status: 400, reason: "bad"), stores: false)
        try world.pump()
        #expect(world.underWay.isEmpty)
        #expect(world.saved == .zero)
        world.journalFails = false
        world.now += 1_000
        try world.pump()
        #expect(world.saved == SequenceNumber(1))
    }

    @Test func aRecordThatMeetsErrorsHoldsItsDeviceOnly() throws {
        let world = try world(["sick"] + (0..<50).map { _ in "well" })
        for _ in 0..<30 {
            if let index = world.underWay.firstIndex(where: { $0.seq == 1 }) {
                try world.answer(index, .troubled(reason: "HTTP 500"), stores: false)
            }
            if let index = world.underWay.firstIndex(where: { $0.seq > 1 }) {
                try world.answer(index, .accepted, stores: true)
            }
            try world.pump()
        }
        #expect(world.arrivals.count == 30)
        #expect(world.saved == .zero)
        #expect(world.condition == .retrying("HTTP 500 (device sick)"))
    }

    @Test func aWrongAddressHoldsEverythingAndIsProbedWithOneRecord() throws {
        let world = try world(["a", "b", "c"])
        for _ in 0..<3 { try world.answer(0, .misdirected(reason: "HTTP 404"), stores: false) }
        try world.pump()
        #expect(world.underWay.isEmpty)
        #expect(world.condition == .held("HTTP 404"))
        world.passTime()
        #expect(world.now >= 1_000)
        try world.pump()
        #expect(world.underWay.count == 1)
        try world.answer(0, .accepted, stores: true)
        try world.pump()
        #expect(world.underWay.count == 2)
        #expect(world.condition == .flowing)
    }

    @Test func anAnswerFromBeforeTheHoldDoesNotOpenTheCircuit() throws {
        let world = try world(["a", "b", "c"])
        try world.answer(0, .misdirected(reason: "HTTP 401"), stores: false)
        try world.answer(0, .accepted, stores: true)
        try world.pump()
        #expect(world.underWay.map(\.seq) == [3])
        #expect(world.condition == .held("HTTP 401"))
    }

    @Test(arguments: [
        (PushOutcome.limited(reason: "HTTP 429", retryAfter: 60_000), PushMachine.Condition.paced("HTTP 429")),
        (.unavailable(reason: "HTTP 503", retryAfter: 60_000), .retrying("HTTP 503")),
    ])
    func aNamedWaitIsKeptByTheWholeDestinationWhateverElseIsAnswered(
        outcome: PushOutcome, condition: PushMachine.Condition
    ) throws {
        let world = try world(["a", "b", "c"]) { $0.parallelism = 2 }
        try world.answer(0, outcome, stores: false)
        try world.answer(0, .accepted, stores: true)
        try world.pump()
        #expect(world.underWay.isEmpty)
        #expect(world.condition == condition)
        world.now = 59_999
        try world.pump()
        #expect(world.underWay.isEmpty)
        world.now = 61_000
        try world.pump()
        #expect(world.underWay.count == 1)
    }

    @Test func anAbsurdRetryAfterIsBounded() throws {
        let world = try world(["a"])
        try world.answer(0, .limited(reason: "HTTP 429", retryAfter: .max / 2), stores: false)
        world.now = world.settings.retryAfterMax + 1_000
        try world.pump()
        #expect(world.underWay.count == 1)
    }

    // What comes back after any while gets its records within ten seconds, one that was not there at all sooner.
    @Test(arguments: [
        (PushOutcome.unavailable(reason: "HTTP 503"), Int64(8_000)), (.unreachable(reason: "refused"), 2_000),
    ])
    func waitsGrowAndNeverPassTheirCeiling(outcome: PushOutcome, ceiling: Int64) throws {
        let world = try world(["a"])
        var longest: Int64 = 0
        for attempt in 0..<40 {
            try world.answer(0, outcome, stores: false)
            let before = world.now
            world.passTime()
            try world.pump()
            longest = max(longest, world.now - before)
            if attempt == 0 { #expect(longest <= 500) }
        }
        #expect(longest > ceiling / 2)
        #expect(longest <= ceiling)
    }

    @Test func theWindowBoundsWhatIsRead() throws {
        let world = try world((0..<5_000).map { "device-\($0)" }) { $0.windowRecordsMax = 100 }
        #expect(world.window.heldCount <= 100)
        for _ in 0..<500 {
            try world.answer(world.underWay.count - 1, .accepted, stores: true)
            try world.pump()
            #expect(world.window.heldCount <= 100)
        }
    }

    @Test func aRecordThatNeverGetsThroughBoundsHowFarDeliveryRunsAhead() throws {
        let world = try world((0..<2_000).map { $0 == 0 ? "stuck" : "device-\($0)" }) { $0.windowSpanMax = 300 }
        while let index = world.underWay.firstIndex(where: { $0.seq != 1 }) {
            try world.answer(index, .accepted, stores: true)
            try world.pump()
        }
        #expect(world.window.span < 300 + world.settings.windowRecordsMax)
        try world.heal()
    }

    @Test func whatIsAppendedWhileAPageIsReadIsReadToo() throws {
        let world = try world([])
        world.machine.on(.appended(), now: world.now)
        for isFirst in [true, false] {
            guard case .read(let after, _, _) = world.machine.next(now: world.now) else {
                Issue.record("nothing is read, first time: \(isFirst)")
                return
            }
            if isFirst { world.machine.on(.appended(), now: world.now) }
            world.machine.on(.read([], next: after, more: false), now: world.now)
        }
        #expect(world.machine.next(now: world.now) == nil)
    }

    @Test func flushTriesAtOnceWhatWaits() throws {
        let world = try world(["a"])
        try world.answer(0, .misdirected(reason: "HTTP 403"), stores: false)
        try world.pump()
        #expect(world.underWay.isEmpty)
        world.machine.on(.flush, now: world.now)
        try world.pump()
        #expect(world.underWay.count == 1)
    }

    @Test func aStopSendsOnlyWhatOthersHaveOvertakenAndStoresTheCursor() throws {
        let world = try world(["a", "a", "b", "b"])
        world.machine.on(.stop, now: world.now)
        #expect(!world.isDrained)
        try world.answer(0, .accepted, stores: true)
        try world.answer(0, .accepted, stores: true)
        try world.pump()
        #expect(world.underWay.map(\.seq) == [2])
        try world.answer(0, .accepted, stores: true)
        world.passTime()
        try world.pump()
        #expect(world.underWay.isEmpty)
        #expect(world.saved == SequenceNumber(3))
        #expect(world.isDrained)
    }

    @Test func aStopDoesNotWaitForADestinationThatFails() throws {
        let world = try world(["a", "b"]) { $0.parallelism = 1 }
        try world.answer(0, .unreachable(reason: "refused"), stores: false)
        world.machine.on(.stop, now: world.now)
        try world.pump()
        #expect(world.isDrained)
    }
}
