public import FieldProtocols
public import GatewayModel

/// The topics that profiles claim, as a topic family: asked before all others.
public struct ProfileTopics: TopicFamily {
    private let rules: [Profile.TopicRule]
    private let assign: @Sendable (DeviceName, Int) -> Void
    private let owners: [Int]
    private var readers: [PayloadReader]
    private var id: [UInt8] = []
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
        var isClaimed = false
        for index in rules.indices where rules[index].name(message.topic, into: &id) {
            isClaimed = true
            guard let device = id.withUnsafeBufferPointer({ DeviceName(utf8: $0) }) else { throw .badDeviceID }
            let before = batch.readings.count
            // What a rule cannot read is tried by the next.
            _ = try? readers[index].read(message.payload, into: &batch)
            guard batch.readings.count > before else { continue }
            if known.insert(device).inserted { assign(device, owners[index]) }
            batch.append(message.observation(of: device))
            return .taken
        }
        guard isClaimed else { return nil }
        throw .noReadings
    }
}
