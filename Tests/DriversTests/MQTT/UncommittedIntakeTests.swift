import Drivers
import FieldProtocols
import GatewayModel
import Journal
import MQTT
import Testing

/// When what was read is made durable: at once after a quiet time, else together with what follows it within the linger.
@Suite struct UncommittedIntakeTests {
    private static func intake(_ change: (inout IntakeSettings) -> Void = { _ in }) -> UncommittedIntake<TopicDecoder> {
        var settings = IntakeSettings(gateway: "gw-1")
        change(&settings)
        return UncommittedIntake(settings, decoder: TopicDecoder(keys: { _ in nil }))
    }

    @Test func aLoneMessageIsDueAtOnceAndTheNextLingersWithOthers() throws {
        var intake = Self.intake { $0.linger = .milliseconds(5) }
        intake.read(at: 1_000)
        #expect(intake.isDue(now: 1_000))
        try intake.commit(now: 1_000)
        #expect(intake.isEmpty)
        intake.read(at: 1_001)
        #expect(intake.dueAt == 1_005)
        #expect(!intake.isDue(now: 1_004))
        intake.read(at: 1_004)
        #expect(intake.isDue(now: 1_005))
        try intake.commit(now: 1_005)
        intake.read(at: 2_000)
        #expect(intake.isDue(now: 2_000))
    }

    @Test func aBatchIsBoundedByMessagesBytesAndTime() throws {
        var byCount = Self.intake { $0.batchMax = 3 }
        for _ in 1...2 { byCount.read(at: 0) }
        #expect(!byCount.isFull)
        byCount.read(at: 0)
        #expect(byCount.isFull)
        var bySize = Self.intake { $0.byteCountMax = 300 }
        bySize.read(at: 0, byteCount: 200)
        #expect(!bySize.isFull)
        bySize.read(at: 0, byteCount: 200)
        #expect(bySize.isFull)
        var byTime = Self.intake { $0.burst = .milliseconds(25) }
        byTime.read(at: 100)
        byTime.read(at: 124)
        #expect(!byTime.isFull)
        byTime.read(at: 125)
        #expect(byTime.isFull)
        #expect(byTime.isDue(now: 125))
    }
}

extension UncommittedIntake {
    fileprivate mutating func read(at milliseconds: Int64, byteCount: Int = 20) {
        let time = ReceiveTime(
            wall: Timestamp(milliseconds: 1_768_487_400_000, trusted: true), monotonicMilliseconds: milliseconds)
        var topic = "mycosoft/devices/board-1/telemetry"
        topic.withUTF8 { topic in
            Array(repeating: UInt8(ascii: " "), count: byteCount).withUnsafeBytes { payload in
                add(MQTTMessage(topic: topic, payload: payload, qos: 1, retained: false), received: time)
            }
        }
    }

    fileprivate mutating func commit(now: Int64) throws {
        try commit(now: now) { _, _ in
            AppendReceipt(outcomes: [], stored: 0, duplicates: 0)
        } passOn: { _, _ in
        }
    }
}
