public import Fleet
public import GatewayModel
public import Journal

/// Everything the routes tell about or act upon, handed in by the composition root.
public struct ControlSources: Sendable {
    public var gateway: DeviceID
    public var site: String?
    public var version: String
    public var started: ReceiveTime
    public var clock: any Clock
    public var journal: Journal
    public var devices: DeviceRegistry
    public var commands: CommandQueue
    /// What is missing for readiness, in words; empty when ready.
    public var obstacles: @Sendable () -> [String]
    /// What a technician should know though all works, such as an `advertise` nobody can call.
    public var warnings: @Sendable () -> [String]
    public var destinations: @Sendable () -> [DestinationReport]
    public var ports: @Sendable () -> [PortReport]
    /// Messages refused at intake, by reason.
    public var rejections: @Sendable () -> [String: Int64]
    /// Further gauges and counters for `/metrics`.
    public var measures: @Sendable () -> [Measure]
    /// Makes a destination (nil: all) try now. Returns the names that were woken; empty if the name is unknown.
    public var flush: @Sendable (String?) -> [String]
    /// Makes all destinations announce the gateway and its devices again. Returns their names.
    public var announce: @Sendable () -> [String]
    /// Sends a condemned record again and waits for the answer.
    public var resend: @Sendable (Int64) async throws -> ResendOutcome
    /// Takes in a message that came over HTTP, durably; the body of `POST /ingest`.
    public var ingest: @Sendable (IngestedMessage) throws(IngestRefusal) -> IngestReceipt
    /// A fresh UUID.
    public var uuid: @Sendable () -> String
    public var residentBytes: @Sendable () -> Int64
    /// Calibrations, and who is silent for too long.
    public var conditioning = ConditioningSources()
    /// Takes in a raw-data file of BME AI-Studio. Durable on return.
    public var importRawData: @Sendable ([UInt8]) throws(IngestRefusal) -> ImportReceipt = { _ throws(IngestRefusal) in
        throw .unavailable("this gateway takes no files")
    }
    /// Why the clock is believed: `kernel`, `battery` … or `none`.
    public var clockEvidence: @Sendable () -> String = { "none" }

    public init(
        gateway: DeviceID, site: String?, version: String, started: ReceiveTime, clock: any Clock, journal: Journal,
        devices: DeviceRegistry, commands: CommandQueue, obstacles: @escaping @Sendable () -> [String],
        warnings: @escaping @Sendable () -> [String], destinations: @escaping @Sendable () -> [DestinationReport],
        ports: @escaping @Sendable () -> [PortReport], rejections: @escaping @Sendable () -> [String: Int64],
        measures: @escaping @Sendable () -> [Measure], flush: @escaping @Sendable (String?) -> [String],
        announce: @escaping @Sendable () -> [String],
        resend: @escaping @Sendable (Int64) async throws -> ResendOutcome,
        ingest: @escaping @Sendable (IngestedMessage) throws(IngestRefusal) -> IngestReceipt,
        uuid: @escaping @Sendable () -> String, residentBytes: @escaping @Sendable () -> Int64
    ) {
        self.gateway = gateway
        self.site = site
        self.version = version
        self.started = started
        self.clock = clock
        self.journal = journal
        self.devices = devices
        self.commands = commands
        self.obstacles = obstacles
        self.warnings = warnings
        self.destinations = destinations
        self.ports = ports
        self.rejections = rejections
        self.measures = measures
        self.flush = flush
        self.announce = announce
        self.resend = resend
        self.ingest = ingest
        self.uuid = uuid
        self.residentBytes = residentBytes
    }
}

/// How sending a condemned record again ended.
public enum ResendOutcome: Sendable, Equatable {
    case delivered
    /// Still refused, or not reachable, with the reason.
    case failed(String)
    /// There is no such record.
    case unknown
}

/// How a destination is doing.
public struct DestinationReport: Sendable, Equatable {
    public var name: String
    public var kind: String
    public var url: String
    /// `connected`, `retrying`, `held` …
    public var state: String
    /// Why it is not connected, in words.
    public var reason: String?
    public var lag: Int64
    public var lastAcknowledgement: Timestamp?
    public var sent: Int64
    public var refused: Int64

    public init(
        name: String, kind: String, url: String, state: String, reason: String?, lag: Int64,
        lastAcknowledgement: Timestamp?, sent: Int64, refused: Int64
    ) {
        self.name = name
        self.kind = kind
        self.url = url
        self.state = state
        self.reason = reason
        self.lag = lag
        self.lastAcknowledgement = lastAcknowledgement
        self.sent = sent
        self.refused = refused
    }
}

/// A serial port and who has it.
public struct PortReport: Sendable, Equatable {
    public var path: String
    /// The name that stays when the path moves.
    public var identity: String
    public var usb: String?
    /// Who talks there; nil if nobody does.
    public var driver: String?
    public var device: DeviceID?
    public var state: String
    public var detail: String?
    public var bytesReceived: Int64
    public var framesReceived: Int64
    public var errors: Int64

    public init(
        path: String, identity: String, usb: String?, driver: String?, device: DeviceID?, state: String,
        detail: String?,
        bytesReceived: Int64, framesReceived: Int64, errors: Int64
    ) {
        self.path = path
        self.identity = identity
        self.usb = usb
        self.driver = driver
        self.device = device
        self.state = state
        self.detail = detail
        self.bytesReceived = bytesReceived
        self.framesReceived = framesReceived
        self.errors = errors
    }
}

/// One gauge or counter of `/metrics`.
public struct Measure: Sendable, Equatable {
    /// A counter only grows while the process lives.
    public enum Kind: String, Sendable { case counter, gauge }

    /// The metric's name, its help, its kind, labels and value.
    public var name: String
    public var help: String
    public var kind: Kind
    public var labels: [(name: String, value: String)]
    public var value: Double

    public init(_ name: String, _ kind: Kind, help: String, labels: [(String, String)] = [], _ value: Double) {
        self.name = name
        self.help = help
        self.kind = kind
        self.labels = labels.map { (name: $0.0, value: $0.1) }
        self.value = value
    }

    public static func == (lhs: Measure, rhs: Measure) -> Bool {
        lhs.name == rhs.name && lhs.value == rhs.value && lhs.labels.elementsEqual(rhs.labels, by: ==)
    }
}

/// The body of `POST /ingest`.
public struct IngestedMessage: Sendable {
    public var device: DeviceID
    public var transport: String
    /// The text of the `payload` member.
    public var payload: [UInt8]

    public init(device: DeviceID, transport: String, payload: [UInt8]) {
        self.device = device
        self.transport = transport
        self.payload = payload
    }
}

/// What `POST /ingest` answers after the commit.
public struct IngestReceipt: Sendable {
    /// What the first one was answered, if that can be told of a repeated message.
    public var messageID: String?
    /// Whether it had been stored before.
    public var isDuplicate: Bool
    /// Records that wait for a required destination.
    public var queued: Int64

    public init(messageID: String?, isDuplicate: Bool, queued: Int64) {
        self.messageID = messageID
        self.isDuplicate = isDuplicate
        self.queued = queued
    }
}

/// Why a message over HTTP was not taken in.
public enum IngestRefusal: Error {
    /// The message is not usable: the reason of the intake.
    case rejected(reason: String)
    /// The journal does not take writes now.
    case unavailable(String)
}
