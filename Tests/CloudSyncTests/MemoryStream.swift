import CloudSync
import GatewayModel
import Synchronization

/// A stream in memory with one durable cursor: what survives when a destination is stopped and made again.
final class MemoryStream: Sendable {
    struct State {
        var records: [StoredRecord] = []
        var acknowledged = SequenceNumber.zero
        var acknowledgements = 0
        var refused: [(seq: SequenceNumber, identity: String, status: Int, reason: String)] = []
        var listeners: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())

    /// With `messageID` the device has numbered and named the message itself.
    func append(_ device: String, values: Int = 2, messageID: String? = nil, readings own: [Reading]? = nil) {
        let listeners = state.withLock { state in
            let seq = SequenceNumber(Int64(state.records.count + 1))
            let readings =
                own
                ?? (0..<values).map {
                    Reading(
                        MetricName("bme688_a.value\($0)") ?? MetricName(known: "x"), .number(Double(seq.rawValue) / 8))
                }
            state.records.append(
                StoredRecord(
                    stream: .readings, seq: seq, device: DeviceID(device),
                    deviceSeq: messageID.map { _ in UInt32(seq.rawValue) }, upstreamSeq: UInt32(seq.rawValue),
                    messageID: messageID, deviceTime: nil,
                    received: ReceiveTime(
                        wall: Timestamp(milliseconds: 1_768_487_400_000 + seq.rawValue, trusted: true),
                        monotonicMilliseconds: 60_000 + seq.rawValue),
                    boot: "boot", deviceBoot: 0, source: .mqtt, flags: [], readings: readings, kind: nil, body: nil))
            return state.listeners
        }
        for listener in listeners { listener() }
    }

    /// Destinations that have started on this stream.
    var listenerCount: Int { state.withLock { $0.listeners.count } }
    var acknowledged: Int64 { state.withLock { $0.acknowledged.rawValue } }
    var acknowledgements: Int { state.withLock { $0.acknowledgements } }
    var refused: [(seq: SequenceNumber, identity: String, status: Int, reason: String)] {
        state.withLock { $0.refused }
    }

    var source: DeliverySource {
        DeliverySource(
            stream: .readings, epoch: "epoch", acknowledged: { self.state.withLock { $0.acknowledged } },
            last: { self.state.withLock { SequenceNumber(Int64($0.records.count)) } },
            visit: { after, limit, _, body in
                let records = self.state.withLock { $0.records }
                let first = Int(after.rawValue)
                let end = min(records.count, first + limit)
                for record in records[first..<end] { body(record) }
                return (SequenceNumber(Int64(end)), end < records.count)
            },
            acknowledge: { seq in
                self.state.withLock {
                    $0.acknowledged = max($0.acknowledged, seq)
                    $0.acknowledgements += 1
                }
            },
            refuse: { seq, identity, status, reason in
                self.state.withLock { $0.refused.append((seq, identity, status, reason)) }
            },
            onAppend: { body in
                self.state.withLock { $0.listeners.append(body) }
                return 0
            })
    }
}

extension MemoryStream {
    /// Runs a destination of this stream while `body` runs, then stops it.
    func run(_ destination: any Destination, _ body: () throws -> Void) async throws {
        let started = listenerCount
        let task = Task { try await destination.run() }
        defer { task.cancel() }
        // `body` blocks a thread of the pool that the destination's start may need.
        while listenerCount == started { await Task.yield() }
        try body()
        task.cancel()
        try await task.value
    }
}
