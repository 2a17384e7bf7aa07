public import GatewayModel
public import HTTPClient
internal import JSONText

/// Batches in line protocol to an InfluxDB, or to what understands the same write interface.
///
/// Writing a point again changes nothing there, so batches need no key and a batch of which some points were refused is
/// simply written again in halves.
public struct InfluxFormat: DeliveryFormat {
    /// Which write interface, and where to.
    public enum Target: Sendable, Equatable {
        /// `/api/v2/write`.
        case bucket(String, organization: String)
        /// `/write` of version 1.
        case database(String, retentionPolicy: String?)
    }

    private let url: String
    private let headers: [ClientRequest.Header]
    private let lines: InfluxLines

    /// `url` is without the path of the interface. The token of version 1 is `USER:PASSWORD`.
    public init(
        url: String, target: Target, gatewayID: String, token: String?, headers: [ClientRequest.Header] = []
    ) {
        switch target {
        case .bucket(let bucket, let organization):
            self.url =
                "\(url)/api/v2/write?org=\(Self.escape(organization))&bucket=\(Self.escape(bucket))&precision=ns"
        case .database(let database, let policy):
            let policy = policy.map { "&rp=\(Self.escape($0))" } ?? ""
            self.url = "\(url)/write?db=\(Self.escape(database))\(policy)&precision=ns"
        }
        let own: [ClientRequest.Header] = [.init("Content-Type", "text/plain; charset=utf-8")]
        self.headers = own + (token.map { [.init("Authorization", "Token \($0)")] } ?? []) + headers
        lines = InfluxLines(gateway: gatewayID)
    }

    /// Appends what stands for one record; see `RecordRendering`.
    public mutating func render(_ record: borrowing StoredRecord, to bytes: inout [UInt8]) -> Rendering {
        lines.render(record, to: &bytes)
    }

    /// The request for a batch; see `DeliveryFormat`.
    public func request(_ batch: DeliveryBatch, at time: ReceiveTime) -> ClientRequest {
        ClientRequest(.post, url, headers: headers, body: batch.bytes)
    }

    /// What an answer says about its batch; see `DeliveryFormat`.
    public func outcome(_ answer: ClientAnswer, of batch: DeliveryBatch, at time: ReceiveTime) -> PushOutcome {
        let judgement = StatusJudgement(peer: "an InfluxDB")
        if (200..<300).contains(answer.status) {
            let isPage = answer.header("content-type")?.lowercased().hasPrefix("text/html") == true
            return isPage ? judgement.foreign(answer) : .accepted
        }
        if answer.status == 400 || answer.status == 422, batch.items.count > 1,
            let rejections = namedLines(answer, batch) ?? allDropped(answer, batch)
        {
            return .rejected(rejections)
        }
        return judgement.outcome(answer, wall: time.wall.milliseconds)
    }

    /// Version 3 writes what it can and names the other lines: `{"error":"partial write…","data":[{"line_number":2,…}]}`.
    private func namedLines(_ answer: ClientAnswer, _ batch: DeliveryBatch) -> [PushOutcome.Rejection]? {
        guard let value = answer.json, let error = value["error"]?.string, error.hasPrefix("partial write"),
            let named = value["data"]?.array, !named.isEmpty
        else { return nil }
        let ends = lineEnds(batch)
        var rejections: [Int: PushOutcome.Rejection] = [:]
        for element in named {
            guard let line = element["line_number"]?.int64, line >= 1,
                let index = ends.firstIndex(where: { line <= $0 })
            else { return nil }
            let reason = StatusJudgement.clean(element["error_message"]?.string ?? error)
            rejections[index] = PushOutcome.Rejection(index: index, status: answer.status, reason: reason)
        }
        return rejections.values.sorted { $0.index < $1.index }
    }

    /// Versions 1 and 2 say how many points they dropped, not which: `partial write: … dropped=12`. If it is all of them,
    /// as with points beyond the retention policy, there is nothing to search.
    private func allDropped(_ answer: ClientAnswer, _ batch: DeliveryBatch) -> [PushOutcome.Rejection]? {
        let reason = StatusJudgement(peer: "an InfluxDB").detail(answer)
        guard reason.contains("partial write"), let words = reason.split(separator: "dropped=").dropFirst().first,
            let dropped = Int64(words.prefix { $0.isASCII && $0.isNumber }), dropped > 0,
            dropped == lineEnds(batch).last
        else { return nil }
        return batch.items.indices.map { PushOutcome.Rejection(index: $0, status: answer.status, reason: reason) }
    }

    /// The number of the last line of each record, counted from 1.
    private func lineEnds(_ batch: DeliveryBatch) -> [Int64] {
        var count: Int64 = 0
        return batch.items.map { item in
            count += Int64(item.bytes.count { $0 == UInt8(ascii: "\n") })
            return count
        }
    }

    /// Percent-encodes all but unreserved characters (RFC 3986, section 2.3).
    private static func escape(_ text: String) -> String {
        text.utf8.map { byte -> String in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "~"):
                String(UnicodeScalar(byte))
            default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }
}
