import GatewayModel

/// Commands on their way to the boards.
extension SerialLoop {
    /// How soon the queue is asked again when a command could not be moved on.
    private static let retryMilliseconds: Int64 = 1_000

    /// Sends what waits for the board: an estop at once, anything else when the board has answered the one before.
    func fetchCommands(for link: BoardLink, _ now: ReceiveTime) {
        link.fetchAt = nil
        guard let device = link.device?.id, link.openPort != nil, link.recognition == nil, !link.isLeaving else {
            return
        }
        for device in [device] + link.commandedBehind { fetchCommands(of: device, for: link, now) }
    }

    private func fetchCommands(of device: DeviceID, for link: BoardLink, _ now: ReceiveTime) {
        let waiting = outlets.commands.waiting(device)
        if waiting.isEmpty { link.commandedBehind.remove(device) }
        for command in waiting {
            guard command.name == "estop" || link.talk?.isReady == true else { return }
            // Written down first: a command that is sent twice does more harm than one that is not sent.
            guard outlets.commands.report(command.id, .sent, nil) else {
                link.fetchAt = now.monotonicMilliseconds + Self.retryMilliseconds
                return
            }
            for outcome in link.talk?.submit(command, at: now) ?? [] { act(on: outcome, of: link, now) }
        }
    }

    /// Devices that no port reaches are remembered until one that may reach them is opened.
    private static let unreachedMax = 256

    /// Commands wait for these devices: each is served over its own port, or over one that it is behind.
    func serve(_ commanded: Set<DeviceID>, _ now: ReceiveTime) {
        for device in commanded {
            if let link = openLinks.values.first(where: { $0.device?.id == device }) {
                fetchCommands(for: link, now)
            } else if let link = linkBefore(device) {
                link.commandedBehind.insert(device)
                fetchCommands(for: link, now)
            } else if unreached.count < Self.unreachedMax {
                unreached.insert(device)
            }
        }
    }

    /// The open port over which a device that has none is reached best.
    private func linkBefore(_ device: DeviceID) -> BoardLink? {
        var best: (link: BoardLink, reach: PortReach)?
        for link in openLinks.values {
            let reach = link.reach(of: device)
            if reach > best?.reach ?? .none { best = (link, reach) }
        }
        return best?.link
    }

    /// A conversation has begun: it may reach devices that were out of reach.
    func serveUnreached(_ now: ReceiveTime) {
        guard !unreached.isEmpty else { return }
        let devices = unreached
        unreached = []
        serve(devices, now)
    }
}
