internal import FieldProtocols
internal import GatewayModel

/// What is published: each record, and each gap among them, as the pull side gives it.
struct RecordLine: RecordRendering {
    private let gateway: String
    private let epoch: String
    private let identity: RecordIdentity
    private var rendering: RecordJSON

    init(gateway: String, epoch: String) {
        self.gateway = gateway
        self.epoch = epoch
        identity = RecordIdentity(gateway: gateway, epoch: epoch)
        rendering = RecordJSON(gateway: gateway, epoch: epoch)
    }

    mutating func render(_ record: borrowing StoredRecord, to bytes: inout [UInt8]) -> Rendering {
        rendering.append(copy record, to: &bytes)
        return .rendered(identity: identity.id(of: record))
    }

    mutating func render(_ gap: StreamGap, of stream: StreamName, to bytes: inout [UInt8]) -> Rendering {
        rendering.append(gap, to: &bytes)
        return .rendered(identity: PublishedID.gap(gap, of: stream, gateway: gateway, epoch: epoch))
    }
}
