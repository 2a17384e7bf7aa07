internal import FieldProtocols
public import GatewayModel
public import HTTPClient
internal import JSONText
internal import Synchronization

/// Records as requests to a MAS: readings as envelopes, the audit as entries of its audit log, agent tasks to its agents
/// (reference, sections 6.3 and 6.5). One record a request.
public struct MASFormat: DeliveryFormat {
    private let url: String
    private let ingestURL: String
    private let gatewayID: String
    private let headers: [ClientRequest.Header]
    private var envelope: MASEnvelope
    private let notes: MASNotes
    /// An object, since its parser's memory is reused and copies of a format may be on two threads.
    private let answers = SharedAnswers()

    private final class SharedAnswers: Sendable {
        let value = Mutex(MASAnswer())
    }

    /// `url` is without the path.
    init(url: String, gatewayID: String, epoch: String, serviceToken: String?) {
        self.url = url
        ingestURL = url + "/api/iot/envelope/ingest"
        self.gatewayID = gatewayID
        headers = Self.headers(serviceToken: serviceToken)
        envelope = MASEnvelope(gateway: gatewayID, epoch: epoch)
        notes = MASNotes(gatewayID: gatewayID, epoch: epoch)
    }

    /// What stands at the head of every request to the MAS.
    static func headers(serviceToken: String?) -> [ClientRequest.Header] {
        let token = serviceToken.map { [ClientRequest.Header("X-MYCA-Service-Token", $0)] } ?? []
        return [ClientRequest.Header("Content-Type", "application/json")] + token
    }

    /// Appends what stands for one record; see `RecordRendering`.
    public mutating func render(_ record: borrowing StoredRecord, to bytes: inout [UInt8]) -> Rendering {
        switch record.stream {
        case .readings:
            guard let place = envelope.append(record, to: &bytes) else { return .unfit("a reading without a device") }
            return place.derivedID.map { .named($0) } ?? .rendered(identity: record.messageID ?? "")
        case .audit: return notes.auditEntry(record, to: &bytes)
        case .tasks: return notes.agentTask(record, to: &bytes)
        case .events, .logs: return .nothing
        }
    }

    /// The request for a batch; see `DeliveryFormat`.
    public func request(_ batch: DeliveryBatch, at time: ReceiveTime) -> ClientRequest {
        guard let item = batch.items.first else { return ClientRequest(.post, url) }
        let address =
            switch batch.stream {
            case .audit: url + "/api/security/audit/log"
            case .tasks:
                url + "/api/devices/\(item.device?.text ?? HeartbeatBody.registryID(ofGateway: gatewayID))/agent/task"
            case .readings, .events, .logs: ingestURL
            }
        return ClientRequest(.post, address, headers: headers, body: item.bytes)
    }

    /// What an answer says about its batch; see `DeliveryFormat`.
    public func outcome(_ answer: ClientAnswer, of batch: DeliveryBatch, at time: ReceiveTime) -> PushOutcome {
        let wall = time.wall.milliseconds
        return answers.value.withLock { answers in
            switch batch.stream {
            case .readings, .events, .logs:
                answers.outcome(.success(answer), messageID: batch.items.first?.identity ?? [], wall: wall)
            case .audit: answers.note(answer, wall: wall) { $0["entry_id"] != nil }
            case .tasks: answers.note(answer, wall: wall) { _ in true }
            }
        }
    }
}
