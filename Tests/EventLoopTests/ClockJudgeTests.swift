import CLinux
import GatewayModel
import Glibc
import Synchronization
import Testing

@testable import EventLoop

/// A machine whose clocks the test sets.
private final class TestMachine: Sendable {
    struct Clocks {
        var wall: Int64
        var monotonic: Int64 = 5_000
        var isSynchronized = false
        var battery: Int64?
    }

    let clocks: Mutex<Clocks>
    let isGuest: Bool

    init(wall: Int64, isGuest: Bool = false) {
        clocks = Mutex(Clocks(wall: wall))
        self.isGuest = isGuest
    }

    func clock(isVouched: Bool = false) -> SystemClock {
        SystemClock(
            MachineClock(
                wall: { self.clocks.withLock { $0.wall } }, monotonic: { self.clocks.withLock { $0.monotonic } },
                isSynchronized: { self.clocks.withLock { $0.isSynchronized } },
                battery: { self.clocks.withLock { $0.battery } }, isGuest: isGuest), isVouched: isVouched)
    }

    func pass(_ milliseconds: Int64) {
        clocks.withLock {
            $0.wall += milliseconds
            $0.monotonic += milliseconds
        }
    }

    func set(_ wall: Int64) { clocks.withLock { $0.wall = wall } }
}

private let now: Int64 = 1_790_000_000_000
private let year: Int64 = 365 * 86_400_000

struct ClockJudgeTests {
    @Test func aClockThatWasNeverSetIsNotBelievedUntilSomethingSynchronisesIt() {
        let machine = TestMachine(wall: 12_000)
        let clock = machine.clock()
        #expect(!clock.now().wall.trusted)
        #expect(clock.certificateTime == .notBefore(SystemClock.released / 1_000))
        machine.clocks.withLock { $0.isSynchronized = true }
        machine.pass(1_000)
        #expect(!clock.now().wall.trusted, "1970 is wrong whatever the kernel says")
        machine.set(now)
        #expect(
            clock.now() == ReceiveTime(wall: Timestamp(milliseconds: now, trusted: true), monotonicMilliseconds: 6_000))
        #expect(clock.standing.evidence == .kernel)
        #expect(clock.certificateTime == .system)
    }

    @Test func beingPastTheFloorAloneIsNoEvidence() {
        let clock = TestMachine(wall: now).clock()
        clock.remember(floor: now - 1_000, offset: nil)
        #expect(!clock.now().wall.trusted, "a box without a battery starts with the time at which it was switched off")
        #expect(clock.certificateTime == .notBefore((now - 1_000) / 1_000))
    }

    @Test func theMomentTheClockIsSetItIsJudgedAnew() {
        let machine = TestMachine(wall: now, isGuest: true)
        let clock = machine.clock()
        #expect(clock.now().wall.trusted)
        machine.set(now - 10 * year)
        #expect(!clock.now().wall.trusted, "in the same second")
        machine.set(now)
        #expect(clock.now().wall.trusted)
    }

    @Test func aJumpOfYearsThatNothingVouchesForIsNotFollowedAndDoesNotMoveTheFloor() {
        let machine = TestMachine(wall: now, isGuest: true)
        let clock = machine.clock()
        #expect(clock.now().wall.trusted)
        machine.set(now + 10 * year)
        #expect(!clock.now().wall.trusted)
        machine.set(now)
        machine.pass(60_000)
        #expect(clock.now().wall.trusted)
        #expect(clock.standing.floor == now + 60_000)
        machine.clocks.withLock { $0.isSynchronized = true }
        machine.set(now + 10 * year)
        machine.pass(1_000)
        #expect(clock.now().wall.trusted, "a kernel that says it is synchronised is believed")
    }

    @Test func aFloorThatProvesWrongIsGivenUpAfterTenMinutes() {
        let machine = TestMachine(wall: now)
        let clock = machine.clock()
        clock.remember(floor: now + 10 * year, offset: nil)
        machine.clocks.withLock { $0.isSynchronized = true }
        #expect(!clock.now().wall.trusted)
        machine.pass(599_000)
        #expect(!clock.now().wall.trusted)
        machine.pass(2_000)
        #expect(clock.now().wall.trusted)
        #expect(clock.standing.floor == now + 601_000)
    }

    @Test func aBatteryCountsIfItTellsTheSameTime() {
        let machine = TestMachine(wall: now)
        machine.clocks.withLock { $0.battery = 5_000 }
        let clock = machine.clock()
        #expect(!clock.now().wall.trusted)
        machine.clocks.withLock { $0.battery = now + 2_000 }
        machine.pass(1_000)
        #expect(clock.now().wall.trusted)
        #expect(clock.standing.evidence == .battery)
    }

    @Test func aDestinationTellsTheTimeToABoxThatHasNone() {
        let machine = TestMachine(wall: 12_000)
        let clock = machine.clock()
        clock.hear(upstream: SystemClock.released - year)
        #expect(!clock.now().wall.trusted, "before the floor")
        clock.hear(upstream: now)
        #expect(clock.now().wall == Timestamp(milliseconds: now, trusted: true))
        machine.pass(30_000)
        #expect(clock.now().wall == Timestamp(milliseconds: now + 30_000, trusted: true))
        #expect(clock.certificateTime == .exactly((now + 30_000) / 1_000))
        machine.set(now + 30_900)
        #expect(clock.now().wall.milliseconds == now + 30_900, "the system's clock is finer if it agrees")
        #expect(clock.standing.evidence == .upstream)
        machine.clocks.withLock { $0.isSynchronized = true }
        machine.pass(1_000)
        #expect(clock.now().wall.trusted)
        #expect(clock.standing.evidence == .kernel)
    }

    @Test func theOperatorIsBelievedButNotFor1970() {
        let machine = TestMachine(wall: 12_000)
        let clock = machine.clock(isVouched: true)
        #expect(!clock.now().wall.trusted)
        machine.set(now)
        #expect(clock.now().wall.trusted)
        #expect(clock.standing.evidence == .operator)
    }

    @Test func aRestartInTheSameBootRemembersWhatTheClockWas() {
        let machine = TestMachine(wall: now + 10 * year, isGuest: true)
        let clock = machine.clock()
        clock.remember(floor: now, offset: now - 5_000)
        #expect(!clock.now().wall.trusted)
        machine.set(now + 3_000)
        #expect(clock.now().wall.trusted)
    }

    @Test func aKernelThatMayNotBeAskedVouchesForNothing() {
        #expect(MachineClock.isSynchronized(answer: 0, status: 0))
        #expect(!MachineClock.isSynchronized(answer: -1, status: 0))
        #expect(!MachineClock.isSynchronized(answer: 0, status: STA_UNSYNC))
        #expect(!MachineClock.isSynchronized(answer: 5, status: 0))
    }
}
