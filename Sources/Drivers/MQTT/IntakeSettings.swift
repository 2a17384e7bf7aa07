public import FieldProtocols
public import GatewayModel

/// What the intake subscribes, and how much it commits at once.
public struct IntakeSettings: Sendable {
    /// The gateway's own id: its presence is published under it.
    public var gateway: String
    /// Topic filters beside the standard ones: those of the topic families, and of sites with topics of their own.
    public var extraFilters: [TopicFilter] = []
    /// Messages that the broker may have under way to us; as in the connection's configuration.
    public var receiveMaximum = 1_000
    /// Messages of one commit. Below the receive maximum, so that the broker goes on sending while we commit.
    public var batchMax = 1_000
    /// The time between two commits while messages come one by one.
    public var linger: Duration = .milliseconds(5)
    /// How long a batch may grow while messages keep coming.
    public var burst: Duration = .milliseconds(25)
    /// Bytes of payload after which a batch is committed.
    public var byteCountMax = 4 << 20

    /// What is done to the readings of a batch before it is committed.
    public var condition: @Sendable (inout ObservationBatch) -> Void = { _ in }

    public init(gateway: String) { self.gateway = gateway }

    /// The families whose messages are stored or answer our commands (contract, "MQTT").
    public static let filters = [
        "mycosoft/devices/+/telemetry", "mycosoft/devices/+/envelope", "mycosoft/devices/+/events",
        "mycosoft/devices/+/ack", "mycosoft/devices/+/mdp/frames", "mycosoft/devices/+/openclaw/+",
        "mycobrain/+/telemetry", "mycobrain/+/envelope", "mycobrain/+/heartbeat", "natureos/devices/+/telemetry",
    ]

    /// The families that say who is there, whose retained messages are wanted again with each connection.
    public static let presenceFilters = ["mycosoft/devices/+/presence", "natureos/devices/+/status"]

    /// All that are subscribed with retained messages only once; never the same filter twice.
    var storedFilters: [String] { Self.filters + extras(.onceForASession) }

    /// All that are subscribed with retained messages each time.
    var standingFilters: [String] { Self.presenceFilters + extras(.always) }

    /// All that is subscribed from the beginning.
    var allFilters: [TopicFilter] {
        storedFilters.map { TopicFilter($0) } + standingFilters.map { TopicFilter($0, retained: .always) }
    }

    private func extras(_ retained: TopicFilter.Retained) -> [String] {
        var seen = Set(Self.filters + Self.presenceFilters)
        // Wanted both ways, a filter is subscribed the one that brings more.
        if retained == .onceForASession { seen.formUnion(extraFilters.filter { $0.retained == .always }.map(\.text)) }
        return extraFilters.filter { $0.retained == retained }.map(\.text).filter { seen.insert($0).inserted }
    }
}
