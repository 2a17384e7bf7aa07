/// What the private broker is to do.
public struct BrokerSettings: Sendable {
    /// Holds its configuration, its database and its log; made if missing. Nothing else may use it.
    public var folder: String
    /// Nil: a free one, which is kept over restarts.
    public var port: UInt16?
    /// Path of the program; nil: where Debian installs it.
    public var program: String?
    /// The user it runs as when we are root.
    public var user = "mosquitto"
    /// Messages kept for a client that is away or slow; what comes beyond is dropped by the broker.
    public var queuedMessagesMax = 100_000
    /// The same in bytes, for each client.
    public var queuedBytesMax = 64 << 20
    /// A larger packet ends the connection of the device that sends it.
    public var packetSizeMax = 4 << 20

    public init(folder: String, port: UInt16? = nil) {
        self.folder = folder
        self.port = port
    }

    /// The text of its configuration. Anonymous clients are welcome because only this machine can connect.
    func configuration(port: UInt16) -> String {
        """
        # Written at every start of the gateway: changes are lost. For a broker of your own set mqtt.broker.
        listener \(port) 127.0.0.1
        allow_anonymous true
        persistence true
        persistence_location \(folder)/
        persistence_file broker.db
        autosave_interval 60
        max_queued_messages \(queuedMessagesMax)
        max_queued_bytes \(queuedBytesMax)
        max_inflight_messages 1000
        max_packet_size \(packetSizeMax)
        persistent_client_expiration 14d
        set_tcp_nodelay true
        sys_interval 0
        connection_messages false
        log_dest stderr
        log_type error
        log_type warning
        log_type notice

        """
    }
}
