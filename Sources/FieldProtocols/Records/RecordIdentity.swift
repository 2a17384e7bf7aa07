internal import Crypto
public import GatewayModel
internal import JSONText

/// What names a record for ever: `<gateway>/<epoch>/<stream>/<seq>`, and the message id derived from it.
public struct RecordIdentity: Sendable {
    private let gateway: String
    private let epoch: String

    private static let namespace = UUIDText.bytes(of: UUIDText.recordNamespace) ?? []

    /// - Parameter epoch: for records that do not say in which epoch they were appended.
    public init(gateway: String, epoch: String) {
        self.gateway = gateway
        self.epoch = epoch
    }

    /// The record's id.
    public func id(of stream: StreamName, _ seq: SequenceNumber) -> String {
        String(decoding: bytes(of: stream, seq, in: epoch), as: UTF8.self)
    }

    /// The id of a record, which keeps the epoch it was appended in also when it is read in a later one.
    public func id(of record: borrowing StoredRecord) -> String {
        let epoch = record.epoch.isEmpty ? epoch : record.epoch
        return String(decoding: bytes(of: record.stream, record.seq, in: epoch), as: UTF8.self)
    }

    /// The message id that a record gets whose device sent none.
    public func derivedMessageID(of stream: StreamName, _ seq: SequenceNumber) -> String {
        derivedMessageID(bytes(of: stream, seq, in: epoch))
    }

    /// The device's own message id, else one that is the same each time it is derived.
    public func messageID(of record: StoredRecord) -> String {
        if let own = record.messageID { return own }
        return derivedMessageID(bytes(of: record))
    }

    /// Appends the id that `messageID(of:)` derives for a record whose device sent none. `scratch` and `digester`, which is
    /// for SHA-1, are reused.
    func appendDerivedMessageID(
        of record: borrowing StoredRecord, scratch: inout [UInt8], with digester: inout Digester,
        to bytes: inout [UInt8]
    ) {
        scratch.removeAll(keepingCapacity: true)
        scratch.append(contentsOf: Self.namespace)
        append(record.stream, record.seq, in: record.epoch.isEmpty ? epoch : record.epoch, to: &scratch)
        UUIDText.appendV5(scratch, with: &digester, to: &bytes)
    }

    /// A record keeps the epoch it was appended in, also when it is read in a later one.
    func bytes(of record: StoredRecord) -> [UInt8] {
        bytes(of: record.stream, record.seq, in: record.epoch.isEmpty ? epoch : record.epoch)
    }

    private func bytes(of stream: StreamName, _ seq: SequenceNumber, in epoch: String) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(gateway.utf8.count + epoch.utf8.count + 32)
        append(stream, seq, in: epoch, to: &bytes)
        return bytes
    }

    private func append(_ stream: StreamName, _ seq: SequenceNumber, in epoch: String, to bytes: inout [UInt8]) {
        let slash = UInt8(ascii: "/")
        bytes.append(contentsOf: gateway.utf8)
        bytes.append(slash)
        bytes.append(contentsOf: epoch.utf8)
        bytes.append(slash)
        bytes.append(contentsOf: stream.rawValue.utf8)
        bytes.append(slash)
        NumberText.append(seq.rawValue, to: &bytes)
    }

    func derivedMessageID(_ id: [UInt8]) -> String { UUIDText.v5(namespace: Self.namespace, name: id) }
}
