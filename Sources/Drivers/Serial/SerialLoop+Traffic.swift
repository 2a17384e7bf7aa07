import EventLoop
import FieldProtocols
import GatewayModel
import Serial

/// Bytes from and to the boards.
extension SerialLoop {
    /// Reads a port may be read in a row before the others get their turn.
    private static let readsMax = 4

    func read(from link: BoardLink, isHangup: Bool, into buffer: UnsafeMutableRawBufferPointer) {
        guard let port = link.openPort, !link.isTuning else { return }
        let now = clock.now()
        do throws(SerialError) {
            for _ in 0..<Self.readsMax {
                let count = try port.read(into: buffer)
                if count == 0 { break }
                take(UnsafeRawBufferPointer(rebasing: buffer[..<count]), from: link, now)
                if count < buffer.count || link.isTuning { break }
            }
            // Hung up, and nothing left to read.
            if isHangup, !link.isTuning, try port.read(into: buffer) == 0 { throw SerialError.gone(path: port.path) }
        } catch {
            lose(link, error, now)
        }
    }

    private func take(_ bytes: UnsafeRawBufferPointer, from link: BoardLink, _ now: ReceiveTime) {
        statusChanged = true
        link.status.counts.bytesReceived += bytes.count
        link.status.lastSeen = now.wall
        if link.recognition != nil {
            recognize(bytes, from: link, now)
        } else {
            decode(bytes, from: link, now)
        }
    }

    /// Puts what the bytes mean into the batch and does what it asks for.
    func decode(_ bytes: UnsafeRawBufferPointer, from link: BoardLink, _ now: ReceiveTime) {
        let before = link.talk?.counters ?? PortCounters()
        let outcomes = link.talk?.received(bytes, at: now, into: &batch) ?? []
        link.count(since: before)
        if link.talk?.heard.isEmpty == false { hasHeard = true }
        for outcome in outcomes { act(on: outcome, of: link, now) }
    }

    func act(on outcome: PortOutcome, of link: BoardLink, _ now: ReceiveTime) {
        switch outcome {
        case .write(let bytes): write(bytes, to: link)
        case .receiptDue: link.isReceiptDue = true
        case .setBaud(let baud): setBaud(baud, of: link)
        case .hello(let fields): greet(fields, from: link, now)
        case .damaged(let code, let byteCount):
            link.status.counts.damagedByReason[code, default: 0] += 1
            note(link, "serial_frame_damaged", now) { body in
                body.text("error", code)
                body.integer("bytes", byteCount)
            }
        case .understood:
            // Of firmware that was flashed over another nothing is known until it has told.
            if link.status.generation != nil { link.status.firmware = nil }
            link.status.generation = link.talk?.dialect
            fetchCommands(for: link, now)
            serveUnreached(now)
        case .sighted(let sighting): outlets.sighted(sighting)
        case .command(let id, let state, let result):
            _ = outlets.commands.report(id, state, result)
            link.fetchAt = now.monotonicMilliseconds
        }
    }

    /// Has the port set to another speed. What is sent meanwhile waits for that.
    private func setBaud(_ baud: Int, of link: BoardLink) {
        guard case .open(let port, let ticket) = link.standing, !link.isTuning else { return }
        link.isTuning = true
        poller.remove(port.fileDescriptor)
        PortErrand.start("serial-speed") { [inbox, outlets] in
            var outcome = PortErrand.Tuned(ticket: ticket, port: port)
            do throws(SerialError) {
                try outlets.setBaud(port, baud)
            } catch {
                outcome.error = error
            }
            inbox.put { $0.tuned.append(outcome) }
        }
    }

    /// A change of speed has ended: the conversation goes on, or the port is closed as it was meant to be meanwhile.
    func finishTuning(_ outcome: PortErrand.Tuned, _ now: ReceiveTime) {
        guard let link = openLinks[outcome.ticket] else { return startClosing(outcome.port, outcome.ticket) }
        link.isTuning = false
        do {
            try poller.add(outcome.port.fileDescriptor, interest(in: link), token: outcome.ticket)
        } catch {
            return lose(link, .failed(path: outcome.port.path, call: "epoll_ctl", errno: 0), now)
        }
        if let error = outcome.error {
            // What is asked next is not answered, and the device asked at the speed before.
            note(link, "serial_port_failed", now) { body in
                body.text("error", error.code)
                body.text("detail", error.description)
            }
        }
        flush(link)
    }

    /// Queues bytes for a board and sends what it takes now. False if too much waits already.
    @discardableResult
    func write(_ bytes: [UInt8], to link: BoardLink) -> Bool {
        guard link.openPort != nil, link.output.append(bytes) else { return false }
        flush(link)
        return link.openPort != nil
    }

    /// Sends what waits; asks to be told when the port takes more.
    func flush(_ link: BoardLink) {
        guard case .open(let port, let ticket) = link.standing, !link.isTuning, !link.output.isEmpty else { return }
        let now = clock.now()
        do throws(SerialError) {
            let count = try link.output.drain { (bytes) throws(SerialError) in try port.write(bytes) }
            link.status.counts.bytesSent += count
            if count > 0 { link.stalledSince = nil }
            let wasWaiting = link.isWaitingForRoom
            link.isWaitingForRoom = !link.output.isEmpty
            if !link.output.isEmpty, link.stalledSince == nil { link.stalledSince = now.monotonicMilliseconds }
            if wasWaiting != link.isWaitingForRoom { listen(to: port, of: link, ticket: ticket) }
        } catch {
            lose(link, error, now)
        }
    }

    /// Tells the kernel what to wake for: nothing is read while the journal takes nothing, so that the boards' own
    /// buffers and flow control hold what we could not keep.
    func listen(to port: SerialPort, of link: BoardLink, ticket: Int) {
        guard !link.isTuning else { return }
        do {
            try poller.change(port.fileDescriptor, interest(in: link), token: ticket)
        } catch {
            lose(link, .failed(path: port.path, call: "epoll_ctl", errno: 0), clock.now())
        }
    }

    func interest(in link: BoardLink) -> Poller.Interest {
        var interest: Poller.Interest = commitRetryAt == nil ? .readable : .none
        if link.isWaitingForRoom { interest.insert(.writable) }
        return interest
    }

    /// Gives up what a board has not taken for so long that it would surprise people.
    func endStall(of link: BoardLink, _ now: ReceiveTime) {
        let count = link.output.count
        link.output.removeAll()
        link.stalledSince = nil
        link.status.counts.stalls += 1
        note(link, "serial_port_stalled", now) { $0.integer("bytes_dropped", count) }
        if case .open(let port, let ticket) = link.standing {
            link.isWaitingForRoom = false
            listen(to: port, of: link, ticket: ticket)
        }
    }

    /// Enters an event of this port, unless it has had many lately.
    func note(_ link: BoardLink, _ kind: String, _ now: ReceiveTime, _ fill: (inout NoteBody) -> Void) {
        guard let suppressed = link.noteLimit.take(now: now.monotonicMilliseconds) else { return }
        enter(link, kind, now, suppressed, fill)
    }

    /// Enters an event that must not be missed, however many there were; it is raised once.
    func alarm(_ link: BoardLink, _ kind: String, _ now: ReceiveTime, _ fill: (inout NoteBody) -> Void) {
        enter(link, kind, now, 0, fill)
    }

    private func enter(
        _ link: BoardLink, _ kind: String, _ now: ReceiveTime, _ suppressed: Int, _ fill: (inout NoteBody) -> Void
    ) {
        let body = NoteBody.of { body in
            body.text("path", link.place.path)
            fill(&body)
            if suppressed > 0 { body.integer("suppressed", suppressed) }
        }
        batch.append(Note(.events, kind: kind, device: link.device?.id, body: body, received: now))
    }
}
