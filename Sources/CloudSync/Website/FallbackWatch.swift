internal import GatewayModel

/// Decides when a primary has been away for long enough, and when it is back. Times are milliseconds of the monotonic clock.
struct FallbackWatch {
    enum Decision: Equatable {
        case stay
        case open(String)
        case close(String)
    }

    let after: Int64
    private var downSince: Int64?
    private var acknowledged: SequenceNumber?

    init(after: Int64) { self.after = after }

    mutating func look(_ status: DestinationStatus, now: Int64, isOpen: Bool) -> Decision {
        let hasMoved = acknowledged.map { status.acknowledged > $0 } ?? false
        acknowledged = status.acknowledged
        guard Self.isDown(status), !hasMoved else {
            downSince = nil
            return isOpen ? .close("\(status.name) is \(status.state.rawValue)") : .stay
        }
        let since = downSince ?? now
        downSince = since
        guard !isOpen, now - since >= after else { return .stay }
        return .open("\(status.name) is \(status.state.rawValue): \(status.reason ?? "no answer yet")")
    }

    /// Away, and something waits for it. A primary that limits our requests is not away.
    private static func isDown(_ status: DestinationStatus) -> Bool {
        switch status.state {
        case .held, .retrying, .starting: status.lag > 0
        case .connected, .paced, .stopped: false
        }
    }
}
