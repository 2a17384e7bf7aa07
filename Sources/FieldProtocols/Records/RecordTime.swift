public import GatewayModel

/// The time that a record is told to have: the device's own if it can be believed, else that of its arrival.
public struct RecordTime: Sendable, Equatable {
    /// Whose clock told the time.
    public enum Source: String, Sendable { case device, gateway }

    /// The time, and whether its clock could be believed.
    public var timestamp: Timestamp
    /// Whose clock told it.
    public var source: Source

    public init(_ record: borrowing StoredRecord) {
        timestamp = .best(device: record.deviceTime, received: record.received.wall)
        source = record.deviceTime?.trusted == true ? .device : .gateway
    }
}
