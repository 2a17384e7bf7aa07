public import GatewayModel

/// How long the records of a stream are kept.
public struct StreamRetention: Sendable, Equatable {
    /// What the stream may take on disk, if less than the journal's budget.
    public var maxBytes: Int64?
    /// Older records go as soon as every required consumer has them. Counts only while the clock can be trusted.
    public var maxAge: Duration?
    /// 1 to 9: of two streams, records of the one with the lower number go first.
    public var priority: Int

    /// What is accepted as a priority.
    public static let priorities = 1...9

    public init(maxBytes: Int64? = nil, maxAge: Duration? = nil, priority: Int) {
        self.maxBytes = maxBytes
        self.maxAge = maxAge
        self.priority = min(max(priority, Self.priorities.lowerBound), Self.priorities.upperBound)
    }

    /// What applies to a stream that nothing is configured for: log lines go first, then readings, the audit last.
    public static func standard(for stream: StreamName) -> StreamRetention {
        switch stream {
        case .logs: StreamRetention(priority: 1)
        case .readings: StreamRetention(priority: 3)
        case .tasks: StreamRetention(priority: 5)
        case .events: StreamRetention(priority: 6)
        case .audit: StreamRetention(priority: 8)
        }
    }
}

extension [StreamName: StreamRetention] {
    /// What applies to the stream.
    func of(_ stream: StreamName) -> StreamRetention { self[stream] ?? .standard(for: stream) }

    /// Whether the stream is written with the reserve if need be: all that is more important than the readings.
    func isGuarded(_ stream: StreamName) -> Bool { of(stream).priority > of(.readings).priority }
}
