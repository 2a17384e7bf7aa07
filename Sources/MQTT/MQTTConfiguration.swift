public import GatewayModel

/// How to reach a broker, and the session to keep there.
public struct MQTTConfiguration: Sendable {
    /// Transport security. The broker's certificate and name are always verified.
    public struct TLS: Sendable {
        /// Certificates of the authorities to trust (PEM); nil: those of the system.
        public var authorityFile: String?
        /// Our own certificate and its key (PEM), both or none.
        public var certificateFile: String?
        public var keyFile: String?
        /// Application protocol to announce, such as `x-amzn-mqtt-ca`.
        public var applicationProtocol: String?
        /// By which time the broker's certificate is judged.
        public var time = CertificateTime.system

        public init(
            authorityFile: String? = nil, certificateFile: String? = nil, keyFile: String? = nil,
            applicationProtocol: String? = nil
        ) {
            self.authorityFile = authorityFile
            self.certificateFile = certificateFile
            self.keyFile = keyFile
            self.applicationProtocol = applicationProtocol
        }
    }

    /// Where the broker is.
    public var host: String
    public var port: UInt16
    /// Names the session at the broker: the same after every restart, used by nobody else.
    public var clientID: String
    public var username: String?
    public var password: String?
    public var tls: TLS?
    /// Seconds, at least 5.
    public var keepAlive: UInt16 = 30
    /// Seconds for which the broker keeps the session, and queues for it, after the connection ended.
    public var sessionExpiry: UInt32 = 7 * 86_400
    /// Messages the broker may have under way to us without an acknowledgement.
    public var receiveMaximum: UInt16 = 1_000
    /// Bytes of the largest packet the broker may send. It drops larger ones by itself, so this is far above what
    /// anything sensible sends; what is too large for us is refused, and counted, after it arrived.
    public var maximumPacketSize: UInt32 = 8 << 20
    /// True throws the session away that the broker kept.
    public var cleanStart = false
    /// Published by the broker if this connection ends without a DISCONNECT.
    public var will: MQTTPublication?

    public init(host: String, port: UInt16, clientID: String) {
        self.host = host
        self.port = port
        self.clientID = clientID
    }
}
