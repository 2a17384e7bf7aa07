import Drivers
import EventLoop
import FieldProtocols
import GatewayModel
import GatewayTestKit
import Serial
import Synchronization
import Testing

/// A slave on a serial line that answers after its time was up. The driver's clock is virtual, so that nothing hangs on how
/// fast the machine is.
@Suite struct LateAnswerTests {
    /// Counts how often it was read: the driver does in each turn.
    private final class CountingClock: Clock {
        let clock = VirtualClock()
        private let reads = Atomic<Int>(0)

        var count: Int { reads.load(ordering: .acquiring) }

        func now() -> ReceiveTime {
            reads.add(1, ordering: .acquiringAndReleasing)
            return clock.now()
        }
    }

    /// Registers 0 and 0x100 of unit 1, which the test answers for itself.
    private struct Slave {
        let pair: PtyPair
        static let registers: [UInt8: UInt16] = [0: 111, 1: 222]

        /// The next question; nil if there is none within `limit`.
        func question(within limit: Duration = .seconds(60)) -> [UInt8]? {
            var bytes: [UInt8] = []
            while bytes.count < 8 {
                let more = pair.receive(within: bytes.isEmpty ? limit : .seconds(60))
                if more.isEmpty { return nil }
                bytes += more
            }
            return bytes
        }

        func answer(_ question: [UInt8], with value: UInt16? = nil) {
            let value = value ?? Self.registers[question[2]] ?? 0
            let body = question[1] == 6 ? Array(question[1..<6]) : [3, 2, UInt8(value >> 8), UInt8(value & 0xFF)]
            pair.send(ModbusCRC.appended(to: [1] + body))
        }
    }

    private static let timeout = Duration.seconds(20)
    private let clock = CountingClock()
    private let site = ModbusSite()
    private let slave: Slave
    private let bus: ModbusBus
    private let stop: StopFlag

    init() throws {
        slave = Slave(pair: try PtyPair())
        stop = try StopFlag()
        let points = try [("a", 0x000), ("b", 0x100)].enumerated().map { group, point in
            ModbusPoint(
                name: point.0, table: .holding, address: UInt16(point.1), type: .u16, count: 1, group: group,
                rule: FieldRule(try #require(MetricName("late.\(point.0)"))), writable: 0...1_000)
        }
        let groups = ["a", "b"].map { ModbusMap.Group(name: $0, interval: .milliseconds(100)) }
        let device = ModbusDevice(
            id: try #require(DeviceID("slow")), unit: 1, map: ModbusMap(points: points, groups: groups),
            writes: ["a"])
        bus = try ModbusBus(
            ModbusBus.Configuration(
                endpoint: .serial(path: slave.pair.path, LineSettings(baud: 9_600)), devices: [device],
                timeout: Self.timeout, gap: .zero),
            outlets: site.outlets, clock: clock, seed: 1)
    }

    /// Lets the driver look, a while later.
    private func advance(by time: Duration) {
        clock.clock.advance(by: time)
        stop.wakeup.wake()
    }

    /// The next question, for which time passes.
    private func nextQuestion() throws -> [UInt8] {
        var question: [UInt8]?
        var seen = -1
        _ = Eventually.holds {
            // Only when the driver has had its turn: a question itself takes no time.
            if clock.count != seen { advance(by: .milliseconds(10)) }
            seen = clock.count
            question = slave.question(within: .zero)
            return question != nil
        }
        return try #require(question)
    }

    /// Whether something is asked though the driver has had its turn several times.
    private func isAsked() -> Bool {
        let before = clock.count
        var question: [UInt8]?
        _ = Eventually.holds {
            stop.wakeup.wake()
            question = slave.question(within: .zero)
            return question != nil || clock.count > before + 20
        }
        return question != nil
    }

    @Test(arguments: [false, true]) func anAnswerThatComesAfterItsTimeIsNotTakenForTheNext(commanded: Bool) throws {
        try DedicatedThread.start(named: "late") { [bus, stop] in bus.work(until: stop) }
        defer { stop.set() }
        // A slave that has answered so often is given up quickly, which saves the test from waiting.
        for _ in 0..<8 { slave.answer(try nextQuestion()) }
        let unanswered = try nextQuestion()
        #expect(Eventually.holds { bus.status.slaves[0].failed == 1 })
        clock.clock.advance(by: Self.timeout * 1.5)
        if commanded {
            let device = try #require(DeviceID("slow"))
            site.order([("w", "write", #"{"point":"a","value":7}"#)], of: device)
            bus.commandsWaiting(for: device)
        }
        #expect(!isAsked(), "its answer may still come")
        slave.answer(unanswered, with: 999)
        advance(by: Self.timeout)
        for _ in 0..<4 { slave.answer(try nextQuestion()) }
        #expect(site["slow late.a"] == 111 && site["slow late.b"] == 222)
        #expect(site.state.withLock { $0.notes }.allSatisfy { !$0.body.contains("999") })
    }
}
