internal import Crypto
public import GatewayModel

/// What names a record for ever: `<gateway>/<epoch>/<stream>/<seq>`, and the message id derived from it.
public struct RecordIdentity: Sendable {
    private let prefix: [UInt8]

    private static let namespace = UUIDText.bytes(of: UUIDText.recordNamespace) ?? []

    public init(gateway: String, epoch: String) {
        prefix = Array("\(gateway)/\(epoch)/".utf8)
    }

    /// The record's id.
    public func id(of stream: StreamName, _ seq: SequenceNumber) -> String {
        String(decoding: bytes(of: stream, seq), as: UTF8.self)
    }

    /// The message id that a record gets whose device sent none.
    public func derivedMessageID(of stream: StreamName, _ seq: SequenceNumber) -> String {
        derivedMessageID(bytes(of: stream, seq))
    }

    /// The device's own message id, else one that is the same each time it is derived.
    public func messageID(of record: StoredRecord) -> String {
        if let own = record.messageID { return own }
        return derivedMessageID(bytes(of: record.stream, record.seq))
    }

    func bytes(of stream: StreamName, _ seq: SequenceNumber) -> [UInt8] {
        var bytes = prefix
        bytes.reserveCapacity(prefix.count + 32)
        bytes.append(contentsOf: stream.rawValue.utf8)
        bytes.append(UInt8(ascii: "/"))
        bytes.append(contentsOf: seq.description.utf8)
        return bytes
    }

    func derivedMessageID(_ id: [UInt8]) -> String { UUIDText.v5(namespace: Self.namespace, name: id) }
}
