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
        for command in outlets.commands.waiting(device) {
            guard command.name == "estop" || link.talk?.isReady == true else { return }
            // Written down first: a command that is sent twice does more harm than one that is not sent.
            guard outlets.commands.report(command.id, .sent, nil) else {
                link.fetchAt = now.monotonicMilliseconds + Self.retryMilliseconds
                return
            }
            for outcome in link.talk?.submit(command, at: now) ?? [] { act(on: outcome, of: link, now) }
        }
    }
}
