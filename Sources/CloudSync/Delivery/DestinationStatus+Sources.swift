internal import GatewayModel

extension DestinationStatus {
    /// Of a destination that begins with these cursors.
    init(name: String, kind: String, _ sources: [DeliverySource]) {
        self.init(name: name, kind: kind, state: .starting, acknowledged: .zero, lag: 0)
        streams = sources.map { Stream(name: $0.stream, acknowledged: $0.acknowledged(), lag: 0) }
    }

    /// With the lag as it is now.
    func measured(by sources: [DeliverySource]) -> DestinationStatus {
        var status = self
        for (index, source) in sources.enumerated() {
            status.streams[index].lag = max(0, source.last().rawValue - streams[index].acknowledged.rawValue)
        }
        status.lag = status.streams.reduce(0) { $0 + $1.lag }
        return status
    }
}

extension PushMachine.Condition {
    /// What people are told, from the most to the least pressing; `journalTrouble` is why the journal cannot be read or
    /// written, if it cannot.
    func state(hasWorked: Bool, _ journalTrouble: String?) -> (DestinationStatus.State, String?) {
        if let journalTrouble { return (.retrying, journalTrouble) }
        return switch self {
        case .held(let reason): (.held, reason)
        case .retrying(let reason): (.retrying, reason)
        case .paced(let reason): (.paced, reason)
        case .flowing: (hasWorked ? .connected : .starting, nil)
        }
    }
}
