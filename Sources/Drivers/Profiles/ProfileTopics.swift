public import FieldProtocols
public import GatewayModel

/// The topics that profiles claim, as a topic family: asked before all others.
public struct ProfileTopics: TopicFamily {
    private let rules: [Profile.TopicRule]
    private let assign: @Sendable (DeviceName, Int) -> Void
    private let owners: [Int]
    private var matches: TopicRules
    private var readers: [PayloadReader]
    private var known: Set<DeviceName> = []

    /// - Parameter assign: told once which profile (an index) a device goes by, when it is first heard.
    public init(_ profiles: [Profile], assign: @escaping @Sendable (DeviceName, Int) -> Void = { _, _ in }) {
        var rules: [Profile.TopicRule] = []
        var owners: [Int] = []
        for (index, profile) in profiles.enumerated() {
            guard case .mqtt(let topics) = profile.kind else { continue }
            rules += topics
            owners += topics.map { _ in index }
        }
        self.rules = rules
        matches = TopicRules(rules)
        self.owners = owners
        readers = rules.map { PayloadReader($0.codec) }
        self.assign = assign
    }

    /// What has to be subscribed for it.
    public var filters: [TopicFilter] {
        var seen: Set<String> = []
        return rules.map(\.pattern.filter).filter { seen.insert($0).inserted }.map { TopicFilter($0) }
    }

    /// Decodes a message on a topic of a profile; nil for any other.
    public mutating func decode(
        _ message: TopicMessage, into batch: inout ObservationBatch, effects: inout TopicEffects
    ) throws(RejectReason) -> Verdict? {
        guard var match = try matches.first(for: message) else { return nil }
        let before = batch.readings.count
        while true {
            // What a rule cannot read is tried by the next.
            _ = try? readers[match.rule].read(message.payload, into: &batch)
            if batch.readings.count > before { break }
            guard let next = try matches.next(after: match, for: message) else { throw .noReadings }
            match = next
        }
        if known.insert(match.device).inserted { assign(match.device, owners[match.rule]) }
        batch.append(message.observation(of: match.device))
        return .taken
    }
}
