import GatewayModel

/// Commands on their way to the boards.
extension SerialLoop {
    /// How soon the queue is asked again when a command could not be moved on.
    private static let retryMilliseconds: Int64 = 1_000

    /// Sends what waits for the board: an estop at once, anything else when the board has answered the one before.
    func fetchCommands(for link: BoardLink, _ now: ReceiveTime) {
        link.fetchAt = nil
        guard let device = link.device?.id, link.openPort != nil, link.recognition == nil else { return }
        for command in outlets.commands.waiting(device) {
            guard let talk = link.talk else { return }
            guard command.name == "estop" || !talk.isAwaitingAnswer else { return }
            guard send(command, to: link, now) else {
                link.fetchAt = now.monotonicMilliseconds + Self.retryMilliseconds
                return
            }
        }
    }

    /// False if the command could not be moved on in the queue, and so was not sent.
    private func send(_ command: DeviceCommand, to link: BoardLink, _ now: ReceiveTime) -> Bool {
        switch link.talk?.command(command, now) {
        case .refused(let reason):
            return outlets.commands.report(command.id, .refused, reason)
        case .send(let bytes):
            // Written down first: a command that is sent twice does more harm than one that is not sent.
            guard outlets.commands.report(command.id, .sent, nil) else {
                link.talk?.forget(command.id)
                return false
            }
            if !write(bytes, to: link) {
                link.talk?.forget(command.id)
                _ = outlets.commands.report(command.id, .refused, "the board takes no bytes")
            }
            return true
        case nil:
            return true
        }
    }

    /// A board has answered, or will not.
    func ended(_ id: String, _ state: DeviceCommand.State, _ result: String?, _ link: BoardLink, _ now: ReceiveTime) {
        _ = outlets.commands.report(id, state, result)
        fetchCommands(for: link, now)
    }
}
