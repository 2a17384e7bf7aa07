internal import FieldProtocols
public import GatewayModel
public import HTTPClient
internal import JSONText

/// Records as MINDEX takes them at `POST /telemetry/envelope`, the only way in that recognises repeats (reference, section
/// 6.4): by device, number, message id and reading id.
public struct MINDEXFormat: DeliveryFormat {
    private let url: String
    private let credentials: MINDEXCredentials
    private var rendering: MASEnvelope
    private let judgement = StatusJudgement(peer: "MINDEX")

    /// - Parameter base: as `MINDEXAddress.base` gives it.
    public init(base: String, credentials: MINDEXCredentials, gateway: String, epoch: String) {
        url = base + "/telemetry/envelope"
        self.credentials = credentials
        rendering = MASEnvelope(gateway: gateway, epoch: epoch)
    }

    /// See `RecordRendering`.
    public mutating func render(_ record: borrowing StoredRecord, to bytes: inout [UInt8]) -> Rendering {
        guard let place = rendering.append(record, to: &bytes) else { return .unfit("a reading without a device") }
        return .rendered(identity: place.messageID(of: record, in: bytes))
    }

    /// See `DeliveryFormat`.
    public func request(_ batch: DeliveryBatch, at time: ReceiveTime) -> ClientRequest {
        ClientRequest(.post, url, headers: credentials.headers(at: time.wall), body: batch.bytes)
    }

    /// See `DeliveryFormat`.
    public func outcome(_ answer: ClientAnswer, of batch: DeliveryBatch, at time: ReceiveTime) -> PushOutcome {
        guard (200..<300).contains(answer.status) else {
            return credentials.explained(judgement.outcome(answer, wall: time.wall.milliseconds), time.wall)
        }
        guard let item = batch.items.first, let value = answer.json,
            let isSuccess = value["success"]?.bool, let messageID = value["envelope_msg_id"]?.string
        else { return judgement.foreign(answer) }
        guard isSuccess else { return .troubled(reason: "not taken: \(judgement.detail(answer))") }
        guard messageID.utf8.elementsEqual(item.identity) else {
            return .troubled(reason: "the answer confirms another message")
        }
        guard let inserted = value["samples_inserted"]?.int64, let deduped = value["samples_deduped"]?.int64 else {
            return .accepted
        }
        // Repeats are taken as what they are; what was passed over would be passed over again.
        let sent = Self.readingCount(item.bytes)
        let taken = inserted.addingReportingOverflow(deduped).partialValue
        guard taken < sent else { return .accepted }
        return .condemned(status: answer.status, reason: "\(taken) of \(sent) samples were taken")
    }

    /// Readings of an envelope: each begins the same way, and text inside has its quotes escaped.
    private static func readingCount(_ bytes: ArraySlice<UInt8>) -> Int64 {
        let opening = Array(#"{"id":"#.utf8)
        var count: Int64 = 0
        var index = bytes.startIndex
        while index + opening.count <= bytes.endIndex {
            if bytes[index] == opening[0], bytes[index..<(index + opening.count)].elementsEqual(opening) {
                count += 1
                index += opening.count
            } else {
                index += 1
            }
        }
        return count
    }
}
