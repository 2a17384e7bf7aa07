/// What the stand-in broker has received: kept outside of the gateway, to judge it by.
public struct BrokerLedger: Sendable {
    /// Messages published, without repeats: `device:seq:msgId` in the order of arrival, with channel and body.
    public var messages: [(key: String, channel: String, body: [UInt8])] = []
    /// Messages that were known and dropped.
    public var repeats = 0
    /// Of these, those with another body.
    public var differing = 0
    /// Replay acknowledgements in the order of arrival.
    public var acknowledgements: [(device: String, messageID: String, seq: Int64, isAccepted: Bool)] = []
    /// The `Last-Event-ID` of each subscription.
    public var subscriptions: [String?] = []
    /// The channel patterns asked for.
    public var patterns: [String] = []
    /// Requests turned away for their key.
    public var turnedAway = 0
    /// Every request, whatever its answer.
    public var requests = 0
}

/// Everything the stand-in broker knows; behind one lock.
struct BrokerState {
    let configuration: StandInMycorrhizae.Configuration
    var ledger = BrokerLedger()
    var faults = PeerFaults()
    var listeners: [PeerFeed] = []
    /// Hash of the body by key.
    var known: [String: Int] = [:]
    var used = 0

    init(_ configuration: StandInMycorrhizae.Configuration) { self.configuration = configuration }
}
