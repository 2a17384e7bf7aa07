public import GatewayModel
internal import JSONText

/// Notices which destinations stop taking what they are sent and which take it again, for the events.
///
/// What is away only for a moment is not told, and of a link that flaps something is told once a minute at most.
public struct DestinationWatch: Sendable {
    fileprivate struct Standing {
        /// The state that was told last, nil while it works.
        var told: DestinationStatus.State?
        var toldAt: Int64?
        var awaySince: Int64?
    }

    /// One that is tried again by itself is told of after this (milliseconds): routers and servers are restarted.
    static let patience: Int64 = 30_000
    fileprivate static let interval: Int64 = 60_000
    private var standings: [String: Standing] = [:]

    public init() {}

    /// What has changed since the last look: `destination_held`, `destination_away`, `destination_back`.
    public mutating func look(_ destinations: [DestinationStatus], at now: ReceiveTime) -> [Note] {
        destinations.compactMap { status in
            var standing = standings[status.name] ?? Standing()
            defer { standings[status.name] = standing }
            guard let kind = standing.take(status.state, now.monotonicMilliseconds) else { return nil }
            let body: JSON = [
                "destination": .string(status.name), "reason": status.reason.map { .string($0) } ?? .null,
                "lag": .integer(status.lag),
            ]
            return Note(.events, kind: kind, body: body.text, received: now)
        }
    }
}

extension DestinationWatch.Standing {
    /// The kind of the event, if there is something to tell.
    fileprivate mutating func take(_ state: DestinationStatus.State, _ now: Int64) -> String? {
        switch state {
        case .held, .retrying:
            let since = awaySince ?? now
            awaySince = since
            guard told != state, state == .held || now - since >= DestinationWatch.patience else { return nil }
            if let toldAt, now - toldAt < DestinationWatch.interval { return nil }
            // Between two refusals the one that is held is tried, and that may fail in a milder way.
            if told == .held, state == .retrying { return nil }
            (told, toldAt) = (state, now)
            return state == .held ? "destination_held" : "destination_away"
        case .connected:
            awaySince = nil
            guard told != nil else { return nil }
            told = nil
            return "destination_back"
        case .starting, .paced, .stopped: return nil
        }
    }
}
