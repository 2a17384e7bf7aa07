public import GatewayModel
public import HTTPClient

/// How records are written for one kind of destination. A value that belongs to the reading thread.
public protocol RecordRendering: Sendable {
    /// Appends what stands for one record to `bytes`; what it appends before saying `nothing` or `unfit` is dropped.
    mutating func render(_ record: borrowing StoredRecord, to bytes: inout [UInt8]) -> Rendering

    /// As above for records that are gone.
    mutating func render(_ gap: StreamGap, of stream: StreamName, to bytes: inout [UInt8]) -> Rendering
}

extension RecordRendering {
    /// Most destinations have no place for records that are gone.
    public mutating func render(_ gap: StreamGap, of stream: StreamName, to bytes: inout [UInt8]) -> Rendering {
        .nothing
    }
}

/// How records become HTTP requests to one kind of destination, and what its answers mean.
///
/// A format is a value. One copy renders on the destination's reading thread, another makes requests and judges answers on
/// its sending thread.
public protocol DeliveryFormat: RecordRendering {
    /// The request for a batch: the same address and body at every attempt. Compression is added by the caller.
    func request(_ batch: DeliveryBatch, at time: ReceiveTime) -> ClientRequest

    /// What an answer says about the batch that it was given to.
    func outcome(_ answer: ClientAnswer, of batch: DeliveryBatch, at time: ReceiveTime) -> PushOutcome
}

/// What a format made of a record.
public enum Rendering: Sendable, Equatable {
    /// Appended. `identity` names the record at the destination; empty: by its id here.
    case rendered(identity: String = "")
    /// Appended; what names the record at the destination stands there in what was appended.
    case named(Range<Int>)
    /// This kind of destination has no place for it: passed over.
    case nothing
    /// It cannot be sent, for this reason: kept as refused.
    case unfit(String)
}

/// A record that is ready to be sent.
public struct DeliveryItem: Sendable {
    public var seq: SequenceNumber
    public var device: DeviceID?
    /// What the format rendered.
    public var bytes: ArraySlice<UInt8>
    /// Names the record at the destination; UTF-8.
    public var identity: ArraySlice<UInt8>
    /// The same for those who want text.
    var identityText: String { String(decoding: identity, as: UTF8.self) }
}

/// Records of one stream that go out in one request, oldest first.
public struct DeliveryBatch: Sendable {
    public var stream: StreamName
    public var items: [DeliveryItem]
    var gatewayID: String
    var epoch: String
    var share = 0
    var shares = 1

    /// The same for the same records, at every attempt and after a restart; another for any others. ASCII without spaces.
    public var key: String {
        let share = shares > 1 ? "/\(share).\(shares)" : ""
        return "\(gatewayID)/\(epoch)/\(stream.rawValue)/\(first)-\(last)/\(items.count)\(share)"
    }

    /// First and last number of the records.
    public var first: SequenceNumber { items.first?.seq ?? .zero }
    public var last: SequenceNumber { items.last?.seq ?? .zero }

    /// The rendered records one after another.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(items.reduce(0) { $0 + $1.bytes.count })
        for item in items { bytes.append(contentsOf: item.bytes) }
        return bytes
    }
}
