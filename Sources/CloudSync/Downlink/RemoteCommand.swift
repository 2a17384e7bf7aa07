public import GatewayModel

/// A command as a server wants it done, in the gateway's own words.
public struct RemoteCommand: Sendable, Equatable {
    /// The server's own id of it: the same at every offer.
    public var id: String
    public var device: DeviceID
    /// `read_sensors`, `output_control` …
    public var name: String
    /// The text of one JSON object, without newlines.
    public var params: String
    /// When the server gives it up, Unix milliseconds; nil if it does not say.
    public var expires: Int64?

    public init(id: String, device: DeviceID, name: String, params: String = "{}", expires: Int64? = nil) {
        self.id = id
        self.device = device
        self.name = name
        self.params = params
        self.expires = expires
    }
}

/// What the server is told about a command that is over.
public struct RemoteAnswer: Sendable, Equatable {
    /// The server's own id.
    public var id: String
    public var device: DeviceID
    public var isSuccess: Bool
    /// What the device answered, or why nothing was done.
    public var message: String
    /// Times that telling it has failed.
    public var attempts: Int
}
