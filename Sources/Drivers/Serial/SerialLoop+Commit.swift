import EventLoop
import GatewayModel
import Serial

/// The moment from which a board may be told that its reading is safe.
extension SerialLoop {
    /// Makes the batch durable, then releases the acknowledgements. If that fails the batch is kept, no port is read
    /// and it is tried again later: what the boards send meanwhile waits in the ports, and is lost there if it is much.
    func commit() {
        let wasRefused = commitRetryAt != nil
        outlets.condition(&batch)
        do {
            try outlets.commit(batch)
        } catch {
            let now = clock.now().monotonicMilliseconds
            commitRetryAt = now + max(50, commitBackoff.failed(now: now, using: &random).milliseconds)
            if !wasRefused { hearAgain() }
            return
        }
        batch.removeAll()
        commitRetryAt = nil
        commitBackoff.succeeded(now: clock.now().monotonicMilliseconds)
        if wasRefused { hearAgain() }
        let now = clock.now()
        for link in openLinks.values where link.isReceiptDue {
            link.isReceiptDue = false
            if let bytes = link.talk?.receipts(now) { write(bytes, to: link) }
        }
    }

    /// Remembers which numbers came without a record, before what came with them is committed.
    func keepHeard() {
        hasHeard = false
        var numbers: [(device: DeviceID, ranges: [ClosedRange<UInt32>])] = []
        for link in openLinks.values {
            guard let device = link.device?.id, let heard = link.talk?.heard, !heard.isEmpty, heard != link.keptHeard
            else { continue }
            link.keptHeard = heard
            numbers.append((device, heard))
        }
        if !numbers.isEmpty { outlets.heard.keep(numbers) }
    }

    /// Starts or stops reading, as the journal's state demands.
    private func hearAgain() {
        for link in Array(openLinks.values) {
            if case .open(let port, let ticket) = link.standing { listen(to: port, of: link, ticket: ticket) }
        }
        publishNow(clock.now())
    }

    /// Everything that is due by the clock.
    func serveTimers(_ now: ReceiveTime) {
        let milliseconds = now.monotonicMilliseconds
        if let commitRetryAt, milliseconds >= commitRetryAt { commit() }
        for link in links {
            guard let due = link.due, milliseconds >= due else { continue }
            if let deadline = link.recognition?.deadline, milliseconds >= deadline { endRecognition(of: link, now) }
            if let since = link.stalledSince, milliseconds >= since + BoardLink.stallMilliseconds {
                endStall(of: link, now)
            }
            if let fetchAt = link.fetchAt, milliseconds >= fetchAt { fetchCommands(for: link, now) }
            for outcome in link.talk?.tick(now, into: &batch) ?? [] { act(on: outcome, of: link, now) }
        }
    }
}
