/// What keeps a destination from starting.
public enum CloudSyncError: Error, Sendable, Equatable {
    /// The client library or a descriptor could not be had.
    case cannotStart(String)

    /// A stable name for logs.
    public var code: String {
        switch self {
        case .cannotStart: "destination_cannot_start"
        }
    }
}
