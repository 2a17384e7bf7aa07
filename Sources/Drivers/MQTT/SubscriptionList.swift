internal import FieldProtocols
internal import MQTT

/// A change of what is subscribed, asked for by a topic family.
package enum SubscriptionChange: Sendable, Equatable {
    case subscribe(String)
    case unsubscribe(String)
}

/// The topics that families have asked for while running, such as those a discovery message names. Bounded; outlives
/// connections, since a fresh session has to be told again.
struct SubscriptionList {
    /// Topics that can be subscribed beside the filters.
    static let countMax = 20_000
    /// Topics of one request.
    static let requestMax = 200

    private let filters: [TopicFilter]
    private var topics: Set<String> = []
    private(set) var wanted: [String] = []
    private(set) var unwanted: [String] = []
    /// Topics that found no room.
    private(set) var refusedCount = 0

    /// `filters` is what is subscribed anyway: topics that come by them are not subscribed twice.
    init(filters: [TopicFilter]) { self.filters = filters }

    /// Whether the connection is to be told something.
    var hasChanged: Bool { !wanted.isEmpty || !unwanted.isEmpty }

    mutating func apply(_ change: SubscriptionChange) {
        switch change {
        case .subscribe(let topic):
            guard !topics.contains(topic), !filters.contains(where: { $0.matches(topic) }) else { return }
            guard topics.count < Self.countMax else {
                refusedCount += 1
                return
            }
            topics.insert(topic)
            wanted.append(topic)
            // Described anew before the broker was told that it is not wanted: it would be told that last.
            unwanted.removeAll { $0 == topic }
        case .unsubscribe(let topic):
            guard topics.remove(topic) != nil else { return }
            wanted.removeAll { $0 == topic }
            unwanted.append(topic)
        }
    }

    /// A connection has begun: everything is subscribed again. A session that was resumed has it already, which is no harm.
    mutating func connectionBegan() { wanted = topics.sorted() }

    /// Hands the connection what has changed. Sends nothing.
    mutating func forward(to connection: MQTTConnection) throws {
        while !wanted.isEmpty {
            let part = Array(wanted.prefix(Self.requestMax))
            _ = try connection.subscribe(part, retained: .onceForASession)
            wanted.removeFirst(part.count)
        }
        while let topic = unwanted.last {
            try connection.unsubscribe(topic)
            unwanted.removeLast()
        }
    }
}
