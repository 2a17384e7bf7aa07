import ControlAPI
import Drivers
import FieldProtocols
import GatewayModel
import Journal
import Synchronization

/// Takes in messages that come over HTTP (`POST /ingest`) as if their device had published them.
final class HTTPIntake: Sendable {
    // TopicDecoder holds a parser that one thread may use at a time; the lock that this never leaves sees to that.
    private struct State: @unchecked Sendable {
        var decoder: TopicDecoder
        var rejections: [String: Int64] = [:]
    }

    private let state: Mutex<State>
    private let store: Store
    private let gateway: String
    private let clock: any Clock

    init(store: Store, gateway: String, policies: SignaturePolicies, clock: any Clock) {
        self.store = store
        self.gateway = gateway
        self.clock = clock
        state = Mutex(State(decoder: TopicDecoder(policy: { policies[$0] })))
    }

    var rejections: [String: Int64] { state.withLock { $0.rejections } }

    /// Decodes and stores. Durable on return.
    func take(_ message: IngestedMessage, queued: () -> Int64) throws(IngestRefusal) -> IngestReceipt {
        var batch = ObservationBatch()
        let received = clock.now()
        let verdict = state.withLock { state in
            state.decoder.decode(
                topic: "mycobrain/\(message.device)/telemetry", payload: message.payload, received: received,
                into: &batch)
        }
        if case .rejected(let reason, _) = verdict {
            state.withLock { $0.rejections[reason.name, default: 0] += 1 }
            throw .rejected(reason: reason.name)
        }
        guard case .observation = verdict, var observation = batch.observations.first else {
            throw .rejected(reason: RejectReason.noReadings.name)
        }
        observation.source = message.transport == "lora" ? .lora : .http
        var stored = rebuilt(batch, observation)
        store.conditioning.apply(&stored)
        let receipt: AppendReceipt
        do throws(JournalError) {
            receipt = try store.commit(stored)
        } catch {
            throw .unavailable(error.description)
        }
        return IngestReceipt(
            messageID: messageID(of: receipt, stored), isDuplicate: receipt.duplicates > 0, queued: queued())
    }

    /// The same batch with the observation's source as it really was.
    private func rebuilt(_ batch: ObservationBatch, _ observation: Observation) -> ObservationBatch {
        var rebuilt = ObservationBatch()
        for reading in batch.readings { rebuilt.append(reading) }
        batch.bytes[observation.messageID].withUnsafeBufferPointer { rebuilt.append(observation, messageID: $0) }
        return rebuilt
    }

    /// The device's own, or one derived from where the message is stored; nil for a repeated one without its own, since
    /// nobody knows where the first is.
    private func messageID(of receipt: AppendReceipt, _ batch: ObservationBatch) -> String? {
        if !batch.bytes.isEmpty { return String(decoding: batch.bytes, as: UTF8.self) }
        guard case .stored(let seq)? = receipt.outcomes.first else { return nil }
        return RecordIdentity(gateway: gateway, epoch: store.journal.epoch).derivedMessageID(of: .readings, seq)
    }
}
