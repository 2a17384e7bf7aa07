internal import FieldProtocols
public import GatewayModel
public import HTTPClient
internal import JSONText

/// Batches of records as lines of JSON, the same lines as the pull side gives, for a collector of the user's own
/// (docs/operate/upstream.md, "A collector of your own").
public struct NDJSONFormat: DeliveryFormat {
    private let url: String
    private let gatewayID: String
    private let epoch: String
    private let headers: [ClientRequest.Header]
    private var json: RecordJSON

    /// `headers` come with every request, a key among them.
    public init(url: String, gatewayID: String, epoch: String, headers: [ClientRequest.Header] = []) {
        self.url = url
        self.gatewayID = gatewayID
        self.epoch = epoch
        self.headers = headers
        json = RecordJSON(gateway: gatewayID, epoch: epoch)
    }

    /// Appends what stands for one record; see `RecordRendering`.
    public mutating func render(_ record: borrowing StoredRecord, to bytes: inout [UInt8]) -> Rendering {
        json.append(record, to: &bytes)
        bytes.append(UInt8(ascii: "\n"))
        return .rendered()
    }

    /// Appends what stands for records that are gone; see `RecordRendering`.
    public mutating func render(_ gap: StreamGap, of stream: StreamName, to bytes: inout [UInt8]) -> Rendering {
        json.append(gap, to: &bytes)
        bytes.append(UInt8(ascii: "\n"))
        return .rendered()
    }

    /// The request for a batch; see `DeliveryFormat`.
    public func request(_ batch: DeliveryBatch, at time: ReceiveTime) -> ClientRequest {
        let own: [ClientRequest.Header] = [
            .init("Content-Type", "application/x-ndjson"), .init("Idempotency-Key", batch.key),
            .init("Mycogate-Gateway", gatewayID), .init("Mycogate-Epoch", epoch),
            .init("Mycogate-Stream", batch.stream.rawValue), .init("Mycogate-First", batch.first.description),
            .init("Mycogate-Last", batch.last.description), .init("Mycogate-Count", "\(batch.items.count)"),
        ]
        return ClientRequest(.post, url, headers: own + headers, body: batch.bytes)
    }

    /// Any 2xx takes the whole batch, unless its body says otherwise: `{"accepted":N}` or `{"rejected":[{"seq":…}]}`.
    public func outcome(_ answer: ClientAnswer, of batch: DeliveryBatch, at time: ReceiveTime) -> PushOutcome {
        let judgement = StatusJudgement(peer: "a collector")
        guard (200..<300).contains(answer.status) else {
            return judgement.outcome(answer, wall: time.wall.milliseconds)
        }
        // A page is what captive portals and forgotten web servers answer to anything.
        if answer.header("content-type")?.lowercased().hasPrefix("text/html") == true {
            return judgement.foreign(answer)
        }
        guard let value = answer.json, value.members != nil else { return .accepted }
        return Self.verdict(value, batch)
    }

    private static func verdict(_ value: JSON, _ batch: DeliveryBatch) -> PushOutcome {
        if let rejected = value["rejected"]?.array, !rejected.isEmpty {
            var rejections: [PushOutcome.Rejection] = []
            for element in rejected {
                guard let seq = element["seq"]?.int64,
                    let index = batch.items.firstIndex(where: { $0.seq.rawValue == seq })
                else { return .troubled(reason: "the answer rejects records that were not sent") }
                let reason = StatusJudgement.clean(element["reason"]?.string ?? "")
                rejections.append(
                    PushOutcome.Rejection(index: index, status: element["status"]?.int ?? 422, reason: reason))
            }
            return .rejected(rejections)
        }
        guard let accepted = value["accepted"] else { return .accepted }
        if let isAccepted = accepted.bool {
            return isAccepted ? .accepted : .troubled(reason: "the answer says that nothing was accepted")
        }
        guard let count = accepted.int64 else { return .accepted }
        guard (0...Int64(batch.items.count)).contains(count) else {
            return .troubled(reason: "the answer accepts \(count) of \(batch.items.count) records")
        }
        return count == batch.items.count ? .accepted : .acceptedFirst(Int(count))
    }
}
