import EventLoop
import GatewayModel
import Serial

/// Finding, opening and closing ports.
extension SerialLoop {
    /// Discovered ports are listed anew this often even if nothing is known to have changed.
    private static let listingEvery: Int64 = 4_000
    private static let discoveredCountMax = 512

    /// Follows every link again: closes ports whose link leads elsewhere now, opens those that are there.
    func scan(_ now: ReceiveTime) {
        let milliseconds = now.monotonicMilliseconds
        let wasRequested = scanRequested
        scanRequested = false
        lastScan = milliseconds
        watch?.watch(links.map(\.place.path), discovers: configuration.discovers)
        for link in links { closeIfMoved(link, now) }
        let mayDiscover = configuration.discovers && (wasRequested || milliseconds - lastListing >= Self.listingEvery)
        guard mayDiscover || links.contains(where: { isWorthOpening($0, milliseconds) }) else { return }
        lastListing = milliseconds
        let ports: [PortEntry]
        do {
            ports = try outlets.listPorts(links.map(\.place.path))
        } catch {
            // Without the list a board is known by its path alone, which is no reason to leave it unread.
            ports = []
        }
        if mayDiscover { discover(in: ports) }
        for link in links where isWorthOpening(link, milliseconds) { open(link, listed: ports) }
    }

    private func closeIfMoved(_ link: BoardLink, _ now: ReceiveTime) {
        guard case .open(let port, _) = link.standing, PortPath.deviceNumber(link.place.path) != port.deviceNumber
        else { return }
        // Another board may be behind the old port by now: nothing more is read from it.
        lose(link, .gone(path: link.place.path), now)
    }

    private func isWorthOpening(_ link: BoardLink, _ milliseconds: Int64) -> Bool {
        switch link.standing {
        case .absent: PortPath.deviceNumber(link.place.path) != nil
        case .failing(let retryAt): milliseconds >= retryAt
        case .opening, .open, .closing, .lent: false
        }
    }

    /// Takes in ports of known vendors that nobody has configured.
    private func discover(in ports: [PortEntry]) {
        let foreign = Set(configuration.foreignPaths.map { PortPath.deviceNumber($0) }).subtracting([nil])
        for port in ports where port.isDiscoverable && !foreign.contains(port.deviceNumber) {
            let path = port.byIDLinks.first.map { PortPath.byIDFolder + "/" + $0 } ?? port.path
            if let known = links.first(where: { $0.discoveredIdentity == port.identity }) {
                if known.openPort == nil, !known.isChanging, known.place.path != path { move(known, to: path) }
                continue
            }
            let isTaken = links.contains { link in
                link.deviceNumber == port.deviceNumber || port.configuredPaths.contains(link.place.path)
            }
            guard !isTaken, links.count(where: { $0.discoveredIdentity != nil }) < Self.discoveredCountMax else {
                continue
            }
            let link = BoardLink(place: SerialPlace(path: path), discoveredIdentity: port.identity)
            links.append(link)
            offer(link)
        }
    }

    private func move(_ link: BoardLink, to path: String) {
        leases.withdraw(link.place.path)
        link.place.path = path
        link.status.path = path
        offer(link)
    }

    private func open(_ link: BoardLink, listed ports: [PortEntry]) {
        let path = link.place.path
        guard let number = PortPath.deviceNumber(path) else {
            set(link, .absent)
            return
        }
        let entry = ports.first { $0.deviceNumber == number } ?? .unlisted(path)
        // Another board at the number that a discovered one had.
        if let identity = link.discoveredIdentity, identity != entry.identity {
            set(link, .absent)
            return
        }
        // Ours under another name, or not yet let go: looked at again when that one closes.
        guard !links.contains(where: { $0.deviceNumber == number }) else {
            set(link, .absent)
            return
        }
        link.entry = entry
        lastTicket += 1
        set(link, .opening(ticket: lastTicket))
        let (settings, ticket) = (link.place.settings, lastTicket)
        PortErrand.start("serial-open") { [inbox, outlets] in
            let result = Result { () throws(SerialError) in try outlets.openPort(path, settings) }
            inbox.put { $0.opened.append(PortErrand.Opened(ticket: ticket, result: result)) }
        }
    }

    /// An attempt to open has ended.
    func finishOpening(_ outcome: PortErrand.Opened, _ now: ReceiveTime) {
        let opening = links.first { link in
            if case .opening(outcome.ticket) = link.standing { true } else { false }
        }
        guard let link = opening else { return }
        switch outcome.result {
        case .success(let port):
            // Where the link was moved in between, whose port this is has to be found out again.
            if link.isWanted || port.deviceNumber != link.entry?.deviceNumber {
                stand(link, closing: port, outcome.ticket, then: link.isWanted ? .lent : .absent)
                startClosing(port, outcome.ticket)
            } else {
                attach(link, port, ticket: outcome.ticket, now)
            }
        case .failure(let error):
            if link.isWanted { lend(link) } else { fail(link, error, now) }
        }
    }

    private func attach(_ link: BoardLink, _ port: SerialPort, ticket: Int, _ now: ReceiveTime) {
        do {
            try poller.add(port.fileDescriptor, interest(in: link), token: ticket)
        } catch {
            fail(link, .failed(path: port.path, call: "epoll_ctl", errno: 0), now)
            return
        }
        link.backoff.succeeded(now: now.monotonicMilliseconds)
        openLinks[ticket] = link
        link.status.counts.openings += 1
        link.status.resolvedPath = port.resolvedPath
        link.status.identity = link.entry?.identity
        link.status.usb = link.entry?.usb
        set(link, .open(port, ticket: ticket))
        identify(link, now)
    }

    private func fail(_ link: BoardLink, _ error: SerialError, _ now: ReceiveTime) {
        if case .gone = error {
            set(link, .absent)
            return
        }
        let wait = link.backoff.failed(now: now.monotonicMilliseconds, using: &random)
        let isNews = link.status.state != .failing(error)
        set(link, .failing(retryAt: now.monotonicMilliseconds + max(50, wait.milliseconds)), error: error)
        if isNews {
            note(link, "serial_port_failed", now) { body in
                body.text("error", error.code)
                body.text("detail", error.description)
            }
        }
    }

    /// The port is no longer there, or no longer the board's.
    func lose(_ link: BoardLink, _ error: SerialError, _ now: ReceiveTime) {
        guard let port = link.openPort else { return }
        let wait = link.backoff.failed(now: now.monotonicMilliseconds, using: &random)
        // Broken, and its node is still there: opened again at once it would break at once, all the time.
        let isStillThere = PortPath.deviceNumber(link.place.path) == port.deviceNumber
        endConversation(link, now)
        let retryAt = now.monotonicMilliseconds + max(50, wait.milliseconds)
        close(link, then: isStillThere ? .failing(retryAt: retryAt, error) : .absent)
        note(link, "serial_port_closed", now) { $0.text("error", error.code) }
    }

    /// Stops listening to the port and has it closed; what waits for the board is forgotten.
    func close(_ link: BoardLink, then sequel: BoardLink.Sequel = .absent) {
        guard case .open(let port, let ticket) = link.standing else { return }
        poller.remove(port.fileDescriptor)
        openLinks[ticket] = nil
        link.output.removeAll()
        link.isReceiptDue = false
        link.stalledSince = nil
        link.isWaitingForRoom = false
        // A port that is being set to another speed is closed when that has ended.
        let isFree = !link.isTuning
        link.isTuning = false
        stand(link, closing: port, ticket, then: sequel)
        if isFree { startClosing(port, ticket) }
    }

    private func stand(_ link: BoardLink, closing port: SerialPort, _ ticket: Int, then sequel: BoardLink.Sequel) {
        link.sequel = sequel
        set(link, .closing(ticket: ticket, deviceNumber: port.deviceNumber))
    }

    func startClosing(_ port: SerialPort, _ ticket: Int) {
        PortErrand.start("serial-close") { [inbox, outlets] in
            outlets.closePort(port)
            inbox.put { $0.closed.append(ticket) }
        }
    }

    /// A port is closed: another link, or somebody who borrows it, may have it.
    func finishClosing(_ ticket: Int) {
        let closing = links.first { link in
            if case .closing(ticket, _) = link.standing { true } else { false }
        }
        guard let link = closing else { return }
        switch link.sequel {
        case .absent: set(link, .absent)
        case .failing(let retryAt, let error): set(link, .failing(retryAt: retryAt), error: error)
        case .lent: lend(link)
        }
        scanRequested = true
    }

    func set(_ link: BoardLink, _ standing: BoardLink.Standing, error: SerialError? = nil) {
        link.standing = standing
        let state: SerialPortStatus.State =
            switch standing {
            case .absent: .absent
            // What it is about to be.
            case .closing: if case .failing(_, let error) = link.sequel { .failing(error) } else { .absent }
            case .opening: link.status.state
            case .open: .open
            case .failing: error.map(SerialPortStatus.State.failing) ?? link.status.state
            case .lent: .lent(leases.purpose(of: link.place.path) ?? "another use")
            }
        if state != link.status.state {
            link.status.state = state
            publishNow(now)
        }
    }
}
