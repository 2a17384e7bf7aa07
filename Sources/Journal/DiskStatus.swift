public import GatewayModel

/// The disk under the journal.
public struct DiskStatus: Sendable, Equatable {
    /// Bytes of the disk, and those still to be had.
    public var total: Int64
    public var available: Int64
    /// Bytes kept back for `state.db`, the audit and the events; 0 while they are given up.
    public var reserve: Int64
    /// What all streams together may take.
    public var budget: Int64
    /// The size at which segments are sealed, fitted to the disk.
    public var segmentSize: Int64
}

/// A stretch of a stream that is gone.
public struct StreamLoss: Sendable, Equatable {
    /// Which numbers, how many records, and why.
    public var gap: StreamGap
    /// Of those records, the ones that a required consumer had not acknowledged.
    public var needed: Int64
    /// When the last of them went.
    public var at: Timestamp
}
