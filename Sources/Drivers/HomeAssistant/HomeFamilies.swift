public import FieldProtocols
public import GatewayModel

/// Hears when Home Assistant comes up, which is when everything is announced again.
public struct HomeStatusFamily: TopicFamily {
    private let announcer: HomeAnnouncer
    private let topic: String

    /// `prefix` is that of discovery.
    public init(_ announcer: HomeAnnouncer, prefix: String = "homeassistant") {
        self.announcer = announcer
        topic = prefix + "/status"
    }

    /// As the protocol says.
    public var filters: [TopicFilter] { [TopicFilter(topic)] }

    /// As the protocol says.
    public mutating func decode(
        _ message: TopicMessage, into batch: inout ObservationBatch, effects: inout TopicEffects
    ) throws(RejectReason) -> Verdict? {
        guard message.topic.elementsEqual(topic.utf8) else { return nil }
        if message.payload.elementsEqual("online".utf8) { announcer.announceAll() }
        return .taken
    }

    /// A broker that has lost our session may have lost what it kept, too.
    public mutating func begin(isResumed: Bool, at now: ReceiveTime, effects: inout TopicEffects) {
        if !isResumed { announcer.announceAll() }
    }
}

/// A family of devices that Home Assistant knows without us.
public struct HomeKnownFamily: TopicFamily {
    private var family: any TopicFamily
    private let announcer: HomeAnnouncer
    private var told: Set<DeviceName> = []

    public init(_ family: any TopicFamily, _ announcer: HomeAnnouncer) {
        self.family = family
        self.announcer = announcer
    }

    /// Whether Home Assistant understands this family by itself.
    public static func knows(_ name: TopicFamilyName) -> Bool {
        switch name {
        case .tasmota, .zigbee2mqtt, .shelly, .homeassistant, .esphome: true
        case .chirpstack, .tts, .sparkplug, .homie: false
        }
    }

    /// As the protocol says.
    public var filters: [TopicFilter] { family.filters }

    /// As the protocol says.
    public mutating func decode(
        _ message: TopicMessage, into batch: inout ObservationBatch, effects: inout TopicEffects
    ) throws(RejectReason) -> Verdict? {
        let count = batch.observations.count
        let verdict = try family.decode(message, into: &batch, effects: &effects)
        for observation in batch.observations[count...] where told.insert(observation.device).inserted {
            announcer.exclude(observation.device)
        }
        return verdict
    }

    /// As the protocol says.
    public mutating func begin(isResumed: Bool, at now: ReceiveTime, effects: inout TopicEffects) {
        family.begin(isResumed: isResumed, at: now, effects: &effects)
    }
}
