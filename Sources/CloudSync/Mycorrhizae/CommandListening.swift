internal import EventLoop
internal import GatewayModel
internal import HTTPClient

/// The loop of a command channel: connects, listens, connects again. Confined to its thread.
final class CommandListening {
    private let owner: CommandChannel
    private let http: HTTPMultiplexer
    private var backoff: Backoff
    private var random: SplitMix64
    private var parser = ServerSentEventParser()
    /// Nothing of an answer counts before the broker has said that it is connected.
    private var isOpen = false
    private var lastSignAt = Int64.min
    private var settledAt: Int64 = 0
    /// The broker's wish for the time before a reconnection, bounded.
    private static let retryWishMax: Int64 = 60_000
    private static let settleInterval: Int64 = 60_000

    init(_ owner: CommandChannel) throws {
        self.owner = owner
        backoff = owner.settings.backoff
        random = SplitMix64(seed: owner.seed)
        var client = owner.settings.client
        client.connectionsMax = 1
        client.acceptsCompression = false
        // An endless answer: silence is watched here.
        client.totalTimeout = .seconds(1_000_000)
        client.stallTimeout = nil
        http = try HTTPMultiplexer(client, requestsMax: 1)
    }

    func run(_ stop: StopFlag) throws {
        settle()
        while !stop.isSet {
            let result = listen(stop)
            guard !stop.isSet else { break }
            let delay = delay(after: result)
            settle()
            let until = now + delay
            while now < until, !owner.takeFlush(), stop.sleep(for: .milliseconds(until - now)) {}
        }
        http.cancelAll()
        http.poll(timeout: .zero) { _ in }
        owner.update { $0.isOpen = false }
    }

    private var now: Int64 { owner.clock.now().monotonicMilliseconds }

    /// One connection, until it ends. Nil: the line was silent for too long.
    private func listen(_ stop: StopFlag) -> Result<ClientAnswer, HTTPClientError>? {
        parser = ServerSentEventParser(lastID: parser.lastID)
        isOpen = false
        lastSignAt = now
        var headers = [
            ClientRequest.Header("Accept", "text/event-stream"), ClientRequest.Header("Cache-Control", "no-cache"),
            ClientRequest.Header("X-API-Key", owner.access.key),
        ]
        if !parser.lastID.isEmpty { headers.append(.init("Last-Event-ID", parser.lastID)) }
        let url = owner.access.url + "/api/stream/subscribe?channel=" + Channel.escaped("device.*.command")
        do throws(HTTPClientError) {
            try http.submit(ClientRequest(.get, url, headers: headers), tag: 0) { bytes in self.take(bytes) }
        } catch {
            return .failure(error)
        }
        owner.update { $0.connections += 1 }
        var result: Result<ClientAnswer, HTTPClientError>?
        let limit = owner.settings.idleTimeout.milliseconds
        while result == nil, !stop.isSet {
            let left = lastSignAt + limit - now
            guard left > 0 else {
                http.cancelAll()
                http.poll(timeout: .zero) { _ in }
                return nil
            }
            let descriptor = stop.wakeup.fileDescriptor
            if http.poll(timeout: .milliseconds(left), alsoWatching: descriptor, { result = $0.result }) {
                stop.wakeup.drain()
            }
        }
        return result
    }

    private func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
        lastSignAt = now
        do throws(ServerSentEventParser.TooLarge) {
            try parser.parse(bytes) { event in self.take(event) }
            return true
        } catch {
            owner.update { $0.ignored["event_too_large", default: 0] += 1 }
            return false
        }
    }

    private func take(_ event: ServerSentEvent) {
        if event.name == "connected" {
            isOpen = true
            backoff.succeeded(now: now)
            owner.update { status in
                status.isOpen = true
                status.reason = nil
            }
        }
        if now - settledAt >= Self.settleInterval { settle() }
        guard isOpen, event.name == "message" else { return }
        let time = owner.clock.now()
        switch BrokerMessage(event.data, now: time.wall, isOurs: owner.isOurs) {
        case .ignored(let reason): owner.update { $0.ignored[reason, default: 0] += 1 }
        case .command(let command): take(command, time)
        }
    }

    private func take(_ command: RemoteCommand, _ time: ReceiveTime) {
        do {
            switch try owner.memory.offer(command, now: time) {
            case .taken: owner.update { $0.taken += 1 }
            case .known: owner.update { $0.ignored["repeated", default: 0] += 1 }
            case .full: owner.update { $0.ignored["no_room", default: 0] += 1 }
            }
        } catch {
            owner.update { status in
                status.ignored["not_stored", default: 0] += 1
                status.reason = "a command could not be kept: \(error)"
            }
        }
    }

    /// The broker is told nothing of commands: what is over makes room.
    private func settle() {
        settledAt = now
        do {
            for answer in try owner.memory.answers(now: owner.clock.now(), limit: 1_000) {
                try owner.memory.told(answer.id)
            }
        } catch {
            owner.update { $0.reason = "what came of commands could not be kept: \(error)" }
        }
    }

    /// How long to wait before the next connection, in milliseconds.
    private func delay(after result: Result<ClientAnswer, HTTPClientError>?) -> Int64 {
        let (reason, minimum) = explain(result)
        owner.update { status in
            status.isOpen = false
            status.reason = reason
        }
        let drawn = backoff.failed(now: now, using: &random).milliseconds
        let wish = min(parser.retryMilliseconds ?? 0, Self.retryWishMax)
        return max(100, drawn, minimum, wish)
    }

    private func explain(_ result: Result<ClientAnswer, HTTPClientError>?) -> (reason: String, minimum: Int64) {
        let hold = owner.settings.holdDelay.milliseconds
        switch result {
        case nil: return ("no sign of life for \(owner.settings.idleTimeout)", 0)
        case .failure(let error): return (error.detail, 0)
        case .success(let answer) where (200..<300).contains(answer.status):
            // A stream ends when the broker restarts; what never began was none.
            guard isOpen else { return (Self.reason(BrokerAccess.judgement.foreign(answer)), hold) }
            return ("the broker ended the stream", 0)
        case .success(let answer):
            let outcome = BrokerAccess.outcome(answer, wall: owner.clock.now().wall.milliseconds)
            switch outcome {
            case .limited(let reason, let retryAfter), .unavailable(let reason, let retryAfter):
                return (reason, min(retryAfter ?? 0, 3_600_000))
            case .troubled(let reason): return (reason, 0)
            default: return (Self.reason(outcome), hold)
            }
        }
    }

    private static func reason(_ outcome: PushOutcome) -> String {
        switch outcome {
        case .misdirected(let reason), .troubled(let reason), .condemned(_, let reason): reason
        default: "refused"
        }
    }
}
