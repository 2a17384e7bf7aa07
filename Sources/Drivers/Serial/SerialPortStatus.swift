public import GatewayModel
public import Serial

/// One port as `ports` and the API show it.
public struct SerialPortStatus: Sendable, Equatable {
    /// How far a port has got.
    public enum State: Sendable, Equatable {
        /// Nothing there: unplugged, or its link leads nowhere.
        case absent
        case opening
        case open
        /// There, but it cannot be opened; tried again.
        case failing(SerialError)
        /// Lent, with what for.
        case lent(String)

        /// `absent`, `opening`, `open`, `failing` or `lent`.
        public var name: String {
            switch self {
            case .absent: "absent"
            case .opening: "opening"
            case .open: "open"
            case .failing: "failing"
            case .lent: "lent"
            }
        }
    }

    /// The configured path, or the one it was discovered at.
    public var path: String
    public var driver: PortTalkKind
    public var isDiscovered: Bool
    public var state: State = .absent
    /// What the path leads to; nil before it was first opened.
    public var resolvedPath: String?
    public var identity: PortIdentity?
    public var usb: USBIdentity?
    /// Nil before the port was first opened.
    public var device: DeviceID?
    /// What the firmware calls itself; not unique.
    public var reportedID: String?
    public var firmware: String?
    /// What the device speaks, once it is known: of a MycoBrain board its generation (`g3`, `g11` …).
    public var generation: String?
    public var counts = Counts()
    /// When the board last sent something.
    public var lastSeen: Timestamp?

    /// What has passed since the daemon started.
    public struct Counts: Sendable, Equatable {
        public var bytesReceived = 0
        public var bytesSent = 0
        /// Whole frames and lines.
        public var messages = 0
        public var observations = 0
        /// Frames that were damaged or held nothing usable, in all and by the reason's stable name.
        public var damaged = 0
        public var damagedByReason: [String: Int] = [:]
        /// Messages that the board numbered and that never arrived.
        public var missing = 0
        /// Messages whose number had come before, and messages that came after later ones.
        public var repeated = 0
        public var late = 0
        /// Lines of text that were not kept: too many of them, or keys and certificates.
        public var withheldLines = 0
        /// How often the port was opened.
        public var openings = 0
        /// Times at which the board took nothing for so long that what waited for it was thrown away.
        public var stalls = 0
    }
}
