public import Serial

/// A place where a board is expected: a path that somebody configured.
public struct SerialPlace: Sendable, Equatable {
    /// Best a link below `/dev/serial/by-id`; links are followed again whenever they change.
    public var path: String
    public var settings: LineSettings

    public init(path: String, settings: LineSettings = LineSettings()) {
        self.path = path
        self.settings = settings
    }
}
