import CloudSync
import GatewayModel
import Synchronization

/// A stream whose records are made up from their numbers, with one durable cursor that a test can set back.
final class NumberedStream: Sendable {
    struct State {
        var last: Int64 = 0
        var acknowledged: Int64 = 0
        /// Stretches that are gone.
        var lost: [ClosedRange<Int64>] = []
        /// Records up to here belong to an earlier epoch.
        var earlier: (epoch: String, through: Int64)?
        /// How long the values of a record are made, for those that shall be large.
        var sizes: [Int64: Int] = [:]
        var refused: [Int64: String] = [:]
        var listeners: [@Sendable () -> Void] = []
    }

    let name: StreamName
    let epoch: String
    private let state: Mutex<State>

    init(_ name: StreamName = .readings, epoch: String = "e1", count: Int64 = 0) {
        self.name = name
        self.epoch = epoch
        var initial = State()
        initial.last = count
        state = Mutex(initial)
    }

    /// Changes what the stream is, without anybody being told.
    func change(_ body: @Sendable (inout State) -> Void) { state.withLock { body(&$0) } }

    func append(_ count: Int64) {
        let listeners = state.withLock { state in
            state.last += count
            return state.listeners
        }
        for listener in listeners { listener() }
    }

    var acknowledged: Int64 { state.withLock { $0.acknowledged } }
    var refused: [Int64: String] { state.withLock { $0.refused } }

    var source: DeliverySource {
        DeliverySource(
            stream: name, epoch: epoch,
            acknowledged: { SequenceNumber(self.acknowledged) },
            last: { self.state.withLock { SequenceNumber($0.last) } },
            visit: { after, limit, gap, body in
                let state = self.state.withLock { $0 }
                var at = after.rawValue
                var left = limit
                while at < state.last, left > 0 {
                    at += 1
                    if let lost = state.lost.first(where: { $0.contains(at) }) {
                        gap(
                            StreamGap(
                                from: SequenceNumber(at), to: SequenceNumber(lost.upperBound),
                                count: lost.upperBound - at + 1, reason: "evicted"))
                        at = lost.upperBound
                    } else {
                        body(self.record(at, state))
                        left -= 1
                    }
                }
                return (SequenceNumber(at), at < state.last)
            },
            acknowledge: { seq in self.state.withLock { $0.acknowledged = max($0.acknowledged, seq.rawValue) } },
            refuse: { seq, _, _, reason in self.state.withLock { $0.refused[seq.rawValue] = reason } },
            onAppend: { body in
                self.state.withLock { $0.listeners.append(body) }
                return 0
            })
    }

    private func record(_ seq: Int64, _ state: State) -> StoredRecord {
        let epoch = state.earlier.flatMap { seq <= $0.through ? $0.epoch : nil } ?? epoch
        let value: Reading.Value =
            state.sizes[seq].map { .text(String(repeating: "x", count: $0)) } ?? .number(Double(seq) / 8)
        let received = ReceiveTime(
            wall: Timestamp(milliseconds: 1_768_487_400_000 + seq, trusted: true), monotonicMilliseconds: seq)
        return StoredRecord(
            stream: name, seq: SequenceNumber(seq), device: DeviceID("board-\(seq % 7)"), deviceSeq: nil,
            upstreamSeq: UInt32(truncatingIfNeeded: seq), messageID: nil, deviceTime: nil, received: received,
            boot: "boot", deviceBoot: 0, source: .mqtt, flags: [],
            readings: [Reading(MetricName(known: "x.value"), value)], kind: name == .readings ? nil : "note",
            body: name == .readings ? nil : "{}", epoch: epoch)
    }
}
