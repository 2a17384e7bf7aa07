public import GatewayModel

/// One convention of topics and payloads beside the gateway's own, such as Sparkplug B or ChirpStack's integration.
///
/// A family is asked in turn for messages whose topic `TopicRoute` does not know, until it says that a topic is none of
/// its. It runs on the intake's thread, keeps what it has to remember bounded, and takes time from the message only. What
/// it remembers is lost with the process: it has to be told again by retained messages (`TopicFilter.Retained.always`) or
/// to ask its devices.
public protocol TopicFamily {
    /// What has to be subscribed for it. Filters of different families should not overlap: a broker may deliver a message
    /// once for each filter that it matches.
    var filters: [TopicFilter] { get }

    /// Decodes one message; nil if its topic is not of this family, whatever is published there: it may not be asked for
    /// it again. `.unclaimed`, if another message on the topic may be. Both must be found out quickly.
    ///
    /// Several observations may be appended. Throwing refuses the message: readings that are still open are discarded.
    /// Return `.taken` unless another of the verdicts says more.
    mutating func decode(
        _ message: TopicMessage, into batch: inout ObservationBatch, effects: inout TopicEffects
    ) throws(RejectReason) -> Verdict?

    /// A connection to the broker has begun. `isResumed`: the broker still had the session, so that nothing was missed.
    mutating func begin(isResumed: Bool, at now: ReceiveTime, effects: inout TopicEffects)
}

extension TopicFamily {
    /// As the protocol says: nothing depends on it.
    public mutating func begin(isResumed: Bool, at now: ReceiveTime, effects: inout TopicEffects) {}
}
