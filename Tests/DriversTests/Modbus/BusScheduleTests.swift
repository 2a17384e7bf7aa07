import FieldProtocols
import GatewayModel
import Testing

@testable import Drivers

/// A bus in virtual time: each answer takes its time, a dead slave takes the time that it is given.
@Suite struct BusSchedules {
    private static func device(_ unit: UInt8, points: Int, every: Duration = .seconds(1)) throws -> ModbusDevice {
        let metric = try #require(MetricName("p"))
        let list = (0..<points).map {
            ModbusPoint(
                name: "p\($0)", table: .input, address: UInt16($0), type: .u16, count: 1, rule: FieldRule(metric))
        }
        let map = ModbusMap(points: list, groups: [.init(name: "", interval: every)])
        return ModbusDevice(id: try #require(DeviceID("slave-\(unit)")), unit: unit, map: map)
    }

    private struct Ran {
        /// When each device's rounds were over.
        var rounds: [Int: [Int64]] = [:]
        var asked: [Int: Int] = [:]
    }

    /// Runs the bus until `end`; `isDead` says who is silent when.
    private static func run(
        _ devices: [ModbusDevice], answerTime: Int64, until end: Int64, isDead: (Int, Int64) -> Bool
    ) -> Ran {
        var schedule = BusSchedule(devices, timeout: 500, lateMax: 1_000, now: 0)
        var ran = Ran()
        var now: Int64 = 0
        while now < end {
            switch schedule.next(now) {
            case .wait(let until): now = max(now + 1, until ?? end)
            case .read(let request):
                ran.asked[request.device, default: 0] += 1
                let dead = isDead(request.device, now)
                now += dead ? request.timeout : answerTime
                let round = schedule.finished(request, dead ? .silent : .values(after: answerTime), now)
                if let round, round.read > 0 { ran.rounds[round.device, default: []].append(now) }
            }
        }
        return ran
    }

    /// A slave that has never been heard properly, such as a server that mixes up the numbers of its answers.
    @Test func rubbishForEverIsNotAskedForWithoutAPause() throws {
        var schedule = BusSchedule([try Self.device(1, points: 1)], timeout: 500, lateMax: 500, now: 0)
        var now: Int64 = 0
        var asked = 0
        while now < 60_000, asked < 10_000 {
            switch schedule.next(now) {
            case .wait(let until): now = max(now + 1, until ?? 60_000)
            case .read(let request):
                asked += 1
                _ = schedule.finished(request, .damaged, now)
            }
        }
        #expect(asked < 40, "\(asked)")
        #expect(schedule.circuit(of: 0).failures >= 2, "and it is told as silent")
    }

    private static func periods(_ times: [Int64]) -> [Int64] { zip(times.dropFirst(), times).map { $0 - $1 } }

    /// If it is the first, the others are only known once its silence is over: their periods count from then.
    @Test(arguments: [0, 3, 9])
    func oneDeadSlaveAmongTenNeverSlowsTheOthers(dead: Int) throws {
        let devices = try (1...10).map { try Self.device(UInt8($0), points: 100) }
        let ran = Self.run(devices, answerTime: 5, until: 120_000) { device, _ in device == dead }
        for device in 0..<10 where device != dead {
            let times = try #require(ran.rounds[device])
            #expect(times.count >= 119)
            #expect(Self.periods(times).allSatisfy { (900...1_100).contains($0) }, "slave \(device)")
        }
        #expect(ran.asked[dead, default: 0] < 12, "a dead slave is asked ever more rarely")
        #expect(ran.rounds[dead] == nil)
    }

    @Test func aSlaveThatDiesOnTheWayDisturbsNobodyForLonger() throws {
        let devices = try (1...10).map { try Self.device(UInt8($0), points: 100) }
        let ran = Self.run(devices, answerTime: 5, until: 60_000) { device, now in device == 3 && now > 20_500 }
        for device in 0..<10 where device != 3 {
            let times = try #require(ran.rounds[device])
            #expect(Self.periods(times).allSatisfy { (900...1_100).contains($0) }, "slave \(device)")
        }
    }

    @Test func aSilentSlaveIsLeftAloneWhileItsAnswerMayStillComeAndTheOthersAreRead() throws {
        let devices = try (1...2).map { try Self.device(UInt8($0), points: 1, every: .milliseconds(100)) }
        var schedule = BusSchedule(devices, timeout: 500, lateMax: 1_000, now: 0)
        var now: Int64 = 0
        var silentAt: Int64?
        var others = 0
        while now < 5_000 {
            switch schedule.next(now) {
            case .wait(let until): now = max(now + 1, until ?? 5_000)
            case .read(let request):
                if request.device == 1 {
                    others += silentAt == nil ? 0 : 1
                } else if let silentAt {
                    #expect(now >= silentAt + 1_000)
                    #expect(others >= 8)
                    return
                }
                // One that has been quick for a while is given a short time only.
                let isSilent = request.device == 0 && now > 1_000
                if isSilent { silentAt = now }
                now += isSilent ? request.timeout : 5
                _ = schedule.finished(request, isSilent ? .silent : .values(after: 5), now)
            }
        }
        Issue.record("it was never asked again")
    }

    @Test func aSlaveThatComesBackIsReadAgain() throws {
        let devices = try (1...3).map { try Self.device(UInt8($0), points: 10) }
        let ran = Self.run(devices, answerTime: 5, until: 200_000) { device, now in
            device == 1 && (10_000..<40_000).contains(now)
        }
        let back = try #require(ran.rounds[1]?.first { $0 >= 40_000 })
        #expect(back < 110_000)
        #expect(try #require(ran.rounds[1]).count { $0 > back } > 80)
    }

    @Test func oneLostAnswerCostsNoReading() throws {
        let devices = [try Self.device(1, points: 10)]
        var lost = 0
        let ran = Self.run(devices, answerTime: 5, until: 30_000) { _, now in
            if now >= 10_000, lost < 1 {
                lost += 1
                return true
            }
            return false
        }
        #expect(try #require(ran.rounds[0]).count >= 29)
    }

    @Test func aRefusedBlockIsReadPointByPoint() throws {
        var schedule = BusSchedule([try Self.device(1, points: 3)], timeout: 500, lateMax: 1_000, now: 0)
        guard case .read(let first) = schedule.next(0) else { return #expect(Bool(false)) }
        #expect(first.block.count == 3)
        #expect(schedule.finished(first, .refusedAddress, 5) == nil)
        var now: Int64 = 5
        var asked: [UInt16] = []
        var over: BusSchedule.Round?
        while over == nil, case .read(let request) = schedule.next(now) {
            asked.append(request.block.start)
            now += 5
            over = schedule.finished(request, request.block.start == 1 ? .refusedAddress : .values(after: 5), now)
        }
        #expect(asked == [0, 1, 2])
        #expect(over?.read == 2 && over?.failed == 1)
    }

    @Test func onlyWhatMayHelpIsAskedAgain() throws {
        for (outcome, attempts) in [(BusSchedule.Outcome.damaged, 3), (.busy, 3), (.refused, 1)] {
            var schedule = BusSchedule([try Self.device(1, points: 1)], timeout: 500, lateMax: 1_000, now: 0)
            guard case .read(let first) = schedule.next(0) else { continue }
            _ = schedule.finished(first, .values(after: 5), 5)
            var now: Int64 = 1_000
            var asked = 0
            while now < 1_900 {
                switch schedule.next(now) {
                case .wait(let until): now = until ?? 1_900
                case .read(let request):
                    asked += 1
                    now += 5
                    _ = schedule.finished(request, outcome, now)
                }
            }
            #expect(asked == attempts, "\(outcome)")
        }
    }
}
