import GatewayModel
import Testing

@testable import CloudSync

/// Several streams over one link, without a world around: what is sent, in which order, under which cap.
struct PushStreamsTests {
    /// A machine whose streams hold so many records each, all read; the events stream is number 0, readings number 1.
    private struct Site: ~Copyable {
        var machine: PushMachine
        var now: Int64 = 1_000
        var sent: [PushBatch] = []
        var saved: [StreamName: Int64] = [:]
        private var left: [Int64]

        init(events: Int64, readings: Int64, _ change: (inout PushSettings) -> Void = { _ in }) {
            var batching = PushSettings.Batching()
            batching.recordsMax = 10
            batching.interval = 1_000
            var settings = PushSettings(batching: batching, parallelism: 2)
            change(&settings)
            machine = PushMachine(
                settings,
                [PushMachine.Stream(.readings, from: .zero), PushMachine.Stream(.events, from: .zero)], seed: 1)
            left = [events, readings]
        }

        mutating func append(_ stream: Int, _ count: Int64) {
            left[stream] += count
            machine.on(.appended(stream: stream), now: now)
        }

        mutating func pump() {
            while let action = machine.next(now: now) {
                switch action {
                case .read(let after, let limit, let stream):
                    let last = min(left[stream], after.rawValue + Int64(limit))
                    let records = (after.rawValue..<last).map {
                        PushMachine.Record(
                            seq: SequenceNumber($0 + 1), device: DeviceID("device-\($0 % 7)"), byteCount: 100)
                    }
                    machine.on(
                        .read(records, next: SequenceNumber(last), more: last < left[stream], stream: stream), now: now)
                case .send(let batch):
                    sent.append(batch)
                    machine.on(.spent(batch.count * 100), now: now)
                case .refuse(let slot, _, _): machine.on(.refused(slot: slot, true), now: now)
                case .seal(_, let stream): machine.on(.sealed(true, stream: stream), now: now)
                case .save(let seq, let stream):
                    saved[machine.streams[stream].name] = seq.rawValue
                    machine.on(.saved(seq, true, stream: stream), now: now)
                }
            }
        }

        mutating func answer(_ batch: PushBatch, _ outcome: PushOutcome = .accepted) {
            machine.on(.answered(slot: batch.slot, outcome), now: now)
        }
    }

    @Test func anAlarmIsSentWhileBulkFillsTheParallelism() {
        var site = Site(events: 0, readings: 1_000)
        site.pump()
        #expect(site.sent.map(\.stream) == [1, 1])
        site.append(0, 1)
        site.pump()
        #expect(site.sent.map(\.stream) == [1, 1, 0])
        #expect(site.sent[2].count == 1)
    }

    @Test func anAlarmIsSentUnderABandwidthThatBulkHasUsedUp() {
        var site = Site(events: 0, readings: 10_000) { $0.bandwidth = 4_096 }
        for _ in 0..<20 {
            site.pump()
            for batch in site.sent { site.answer(batch) }
            site.sent = []
            site.now += 50
        }
        site.pump()
        #expect(site.machine.deadline(now: site.now) != nil)
        site.append(0, 3)
        site.pump()
        #expect(site.sent.contains { $0.stream == 0 && $0.count == 3 })
    }

    @Test(arguments: [2_000, 64_000, 1_000_000])
    func theAverageKeepsToTheBandwidth(rate: Int64) throws {
        var site = Site(events: 0, readings: 1_000_000) { $0.bandwidth = rate }
        let start = site.now
        var bytes = 0
        while site.now < start + 60_000 {
            site.pump()
            for batch in site.sent {
                bytes += batch.count * 100
                site.answer(batch)
            }
            let sentSomething = !site.sent.isEmpty
            site.sent = []
            if !sentSomething { site.now = max(site.now + 1, site.machine.deadline(now: site.now) ?? site.now + 100) }
        }
        let expected = Double(rate) * 60
        #expect(Double(bytes) <= expected * 1.1 + 2_000)
        #expect(Double(bytes) >= expected * 0.9 - 2_000)
    }

    @Test func streamsShareTheCircuitAndItsProbeIsTheMostUrgentRecord() {
        var site = Site(events: 1, readings: 100)
        site.pump()
        let events = site.sent.filter { $0.stream == 0 }
        for batch in site.sent.filter({ $0.stream == 1 }) { site.answer(batch) }
        site.answer(events[0], .unreachable(reason: "refused"))
        site.sent = []
        site.pump()
        #expect(site.sent.isEmpty)
        site.now += 60_000
        site.pump()
        #expect(site.sent.map(\.stream) == [0])
        site.answer(site.sent[0])
        site.pump()
        #expect(site.sent.count > 1)
    }

    @Test func eachStreamHasACursorOfItsOwn() {
        var site = Site(events: 5, readings: 20)
        site.pump()
        for batch in site.sent where batch.stream == 0 { site.answer(batch) }
        site.now += 100
        site.pump()
        #expect(site.saved == [.events: 5])
    }

    @Test func aBatchThatIsNotFullWaitsForItsIntervalOnly() {
        var site = Site(events: 0, readings: 3) { $0.parallelism = 1 }
        site.pump()
        #expect(site.sent.isEmpty)
        #expect(site.machine.deadline(now: site.now) == site.now + 1_000)
        site.now += 1_000
        site.pump()
        #expect(site.sent.map(\.count) == [3])
    }

    @Test func aBatchStaysBelowItsBytes() {
        var site = Site(events: 0, readings: 100) {
            $0.batching.byteCountMax = 450
            $0.parallelism = 1
        }
        site.pump()
        #expect(site.sent.map(\.count) == [4])
    }

    @Test func afterATooLargeBatchTheNextOnesAreSmaller() {
        var site = Site(events: 0, readings: 100) { $0.parallelism = 1 }
        site.pump()
        site.answer(site.sent[0], .condemned(status: 413, reason: "too large"))
        var counts: [Int] = []
        for _ in 0..<4 {
            site.sent = []
            site.pump()
            guard let batch = site.sent.first else { break }
            counts.append(batch.count)
            site.answer(batch)
        }
        #expect(counts == [5, 5, 5, 5])
    }
}
