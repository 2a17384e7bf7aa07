import Testing

@testable import CloudSync

struct HeartbeatScheduleTests {
    /// A schedule by reference, so that expectations may change it.
    private final class Beats {
        var machine: HeartbeatSchedule

        init(_ machine: HeartbeatSchedule) { self.machine = machine }

        var period: Int64 { machine.period }
        var deadline: Int64? { machine.deadline }
        var refusals: [String: String] { machine.refusals }
        var acceptedCount: Int { machine.acceptedCount }
        var restartsSeen: Int { machine.restartsSeen }
        func next(now: Int64) -> String? { machine.next(now: now) }
        func list(_ listed: [(id: String, version: Int)], now: Int64) { machine.list(listed, now: now) }
        func answered(_ id: String, _ answer: HeartbeatSchedule.Answer, now: Int64) {
            machine.answered(id, answer, now: now)
        }
    }

    private func schedule(_ count: Int, isPaced: Bool = true) -> Beats {
        let schedule = Beats(HeartbeatSchedule(isPaced: isPaced, seed: 1))
        schedule.list((0..<count).map { (id: "device-\($0)", version: 1) }, now: 0)
        return schedule
    }

    /// Sends everything that is due and answers it; the devices told, in order.
    private func send(
        _ schedule: Beats, now: Int64, isNew: (String) -> Bool = { _ in false }
    ) -> [String] {
        var told: [String] = []
        while let id = schedule.next(now: now) {
            told.append(id)
            schedule.answered(id, .accepted(isNew: isNew(id)), now: now)
        }
        return told
    }

    @Test func everyDeviceIsToldAtOnceAndThenOnceAPeriod() {
        let schedule = schedule(3)
        #expect(send(schedule, now: 0, isNew: { _ in true }) == ["device-0", "device-1", "device-2"])
        #expect(schedule.restartsSeen == 0)
        #expect(schedule.deadline == 90_000)
        #expect(send(schedule, now: 89_999) == [])
        #expect(send(schedule, now: 90_000).count == 3)
        #expect(schedule.acceptedCount == 3)
    }

    @Test func aNewOrChangedDeviceIsToldAtOnce() {
        let schedule = schedule(2)
        _ = send(schedule, now: 0)
        schedule.list([("device-0", 1), ("device-1", 2), ("device-9", 1)], now: 1_000)
        #expect(send(schedule, now: 1_000) == ["device-1", "device-9"])
    }

    @Test func aDeviceThatLeftIsToldNoMore() {
        let schedule = schedule(2)
        _ = send(schedule, now: 0)
        schedule.list([("device-1", 1)], now: 1_000)
        #expect(send(schedule, now: 90_000) == ["device-1"])
    }

    @Test func aRestartOfTheMasAnnouncesEverythingAgain() {
        let schedule = schedule(4)
        _ = send(schedule, now: 0, isNew: { _ in true })
        schedule.list([("device-0", 2), ("device-1", 1), ("device-2", 1), ("device-3", 1)], now: 20_000)
        #expect(send(schedule, now: 20_000, isNew: { _ in true }).sorted() == (0..<4).map { "device-\($0)" })
        #expect(schedule.restartsSeen == 1)
        #expect(send(schedule, now: 20_001) == [])
    }

    @Test func aDeviceRemovedForItsAgeIsNoRestart() {
        let schedule = schedule(100)
        _ = send(schedule, now: 0, isNew: { _ in true })
        #expect(schedule.period > 110_000)
        for round in 1...5 {
            let told = send(schedule, now: Int64(round) * schedule.period, isNew: { _ in true })
            #expect(told.count == 100)
        }
        #expect(schedule.restartsSeen == 0)
    }

    @Test func thePeriodStretchesSoThatTheBudgetHolds() {
        #expect(schedule(10).period == 90_000)
        let period = schedule(300).period
        #expect(300 * 3_600_000 / period <= 750)
        #expect(schedule(300, isPaced: false).period == 30_000)
    }

    @Test func aRefusedDeviceIsShownAndDoesNotStopTheOthers() {
        let schedule = schedule(2)
        let first = schedule.next(now: 0) ?? ""
        schedule.answered(first, .refused("HTTP 422: host"), now: 0)
        #expect(schedule.refusals == ["device-0": "HTTP 422: host"])
        #expect(send(schedule, now: 0) == ["device-1"])
        #expect(send(schedule, now: 90_000).contains("device-0"))
        #expect(schedule.refusals.isEmpty)
    }

    @Test func aFailurePausesTheScheduleAndKeepsTheDeviceDue() {
        let schedule = schedule(2)
        let first = schedule.next(now: 0) ?? ""
        schedule.answered(first, .failed(retryAfter: 60_000), now: 0)
        #expect(schedule.next(now: 59_999) == nil)
        #expect(schedule.deadline == 60_000)
        #expect(send(schedule, now: 60_000).sorted() == ["device-0", "device-1"])
    }

    @Test func fewAreUnderWayAtOnce() {
        let schedule = schedule(50)
        var underWay: [String] = []
        while let id = schedule.next(now: 0) { underWay.append(id) }
        #expect(underWay.count == HeartbeatSchedule.underWayMax)
        #expect(schedule.deadline == nil)
        schedule.answered(underWay[0], .accepted(isNew: true), now: 5)
        #expect(schedule.next(now: 5) != nil)
    }
}
