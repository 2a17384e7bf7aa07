import GatewayModel
import Serial

/// What other threads ask of the serial thread: results of opening, ports to be lent, commands.
extension SerialLoop {
    func serveInbox(_ now: ReceiveTime) {
        guard let contents = inbox.take() else { return }
        for outcome in contents.tuned { finishTuning(outcome, now) }
        for ticket in contents.closed { finishClosing(ticket) }
        for outcome in contents.opened { finishOpening(outcome, now) }
        for path in contents.letGo { letGo(path, now) }
        for path in contents.takenBack { takeBack(path) }
        serve(contents.commanded, now)
    }

    func offer(_ link: BoardLink) {
        let path = link.place.path
        leases.offer(
            path,
            by: PortLeases.Owner(
                letGo: { [inbox] in inbox.put { $0.letGo.append(path) } },
                takeBack: { [inbox] in inbox.put { $0.takenBack.append(path) } }))
    }

    /// Marks the port as lent; it is closed.
    func lend(_ link: BoardLink) {
        link.isWanted = false
        leases.released(link.place.path)
        // The borrower may have given up while we closed the port.
        if leases.purpose(of: link.place.path) != nil {
            set(link, .lent)
        } else {
            set(link, .absent)
            scanRequested = true
        }
    }

    private func letGo(_ path: String, _ now: ReceiveTime) {
        guard let link = links.first(where: { $0.place.path == path }) else { return }
        switch link.standing {
        case .opening: link.isWanted = true
        case .open:
            endConversation(link, now)
            close(link, then: .lent)
        case .closing: link.sequel = .lent
        case .absent, .failing: lend(link)
        case .lent: break
        }
    }

    private func takeBack(_ path: String) {
        guard let link = links.first(where: { $0.place.path == path }) else { return }
        link.isWanted = false
        if case .lent = link.sequel { link.sequel = .absent }
        if case .lent = link.standing { set(link, .absent) }
        scanRequested = true
    }
}
