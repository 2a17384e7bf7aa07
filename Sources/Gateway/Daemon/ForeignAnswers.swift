import EventLoop
import FieldProtocols
import GatewayModel
import Journal
import JSONText
import Synchronization

/// Answers to commands that came from a device they were not meant for: counted, and entered as events now and then.
final class ForeignAnswers: Sendable {
    private struct State {
        var count: Int64 = 0
        var limit = RateLimit(burst: 5, every: .seconds(60))
    }

    private let state = Mutex(State())

    var count: Int64 { state.withLock { $0.count } }

    /// Enters what a network server says of a downlink that somebody else has sent through it.
    func tell(
        _ answer: CommandAnswer, of device: DeviceName, by server: String, at received: ReceiveTime, _ store: Store
    ) {
        let body: JSON = [
            "server": .string(server), "item": .string(String((answer.requestID ?? "").prefix(64))),
            "stage": .string(String((answer.result ?? "").prefix(256))),
        ]
        var batch = ObservationBatch()
        batch.append(Note(.events, kind: "lora_downlink", device: device.id, body: body.text, received: received))
        // A journal that takes no writes now is reported elsewhere.
        _ = try? store.journal.append(batch)
    }

    func refuse(_ answer: CommandAnswer, from device: DeviceName, at received: ReceiveTime, _ store: Store) {
        let suppressed = state.withLock { state in
            state.count += 1
            return state.limit.take(now: received.monotonicMilliseconds)
        }
        guard let suppressed else { return }
        let body: JSON = [
            "reason": "foreign_answer", "request_id": .string(String((answer.requestID ?? "").prefix(64))),
            "suppressed": .integer(Int64(suppressed)),
        ]
        var batch = ObservationBatch()
        batch.append(Note(.events, kind: "message_rejected", device: device.id, body: body.text, received: received))
        // The count tells of it too; a journal that takes no writes now is reported elsewhere.
        _ = try? store.journal.append(batch)
    }
}
