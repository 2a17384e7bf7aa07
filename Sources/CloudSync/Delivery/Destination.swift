public import GatewayModel

/// Somebody whom records are pushed to, whatever the protocol.
public protocol Destination: Sendable {
    /// How it is going; safe from any thread.
    var status: DestinationStatus { get }

    /// Runs until the task is cancelled, then stores its cursors and returns within a bounded time.
    func run() async throws

    /// Tries at once what waits for a back-off, a probe or a pause.
    func flush()

    /// Tells of the gateway and its devices now, whenever they were told last; nothing for kinds that tell nothing.
    func announce()

    /// Sends one condemned record again by itself and waits for the answer. Blocks the calling thread for at most the
    /// request's time-out. The cursor is not touched.
    func resend(_ record: StoredRecord) -> ResendResult
}

extension Destination {
    /// Most kinds tell nothing.
    public func announce() {}
}

/// How one attempt to send a condemned record again ended.
public enum ResendResult: Sendable, Equatable {
    case delivered
    /// Not taken now, with the reason; the record stays among the refused.
    case failed(String)

    init(_ outcome: PushOutcome) {
        switch outcome {
        case .accepted, .acceptedFirst(1...): self = .delivered
        case .acceptedFirst: self = .failed("not accepted")
        case .rejected(let rejections):
            self = rejections.first.map { .failed("\($0.status): \($0.reason)") } ?? .delivered
        case .condemned(let status, let reason): self = .failed("HTTP \(status): \(reason)")
        case .troubled(let reason), .declined(let reason), .misdirected(let reason), .unreachable(let reason):
            self = .failed(reason)
        case .unavailable(let reason, _), .limited(let reason, _): self = .failed(reason)
        case .abandoned: self = .failed("interrupted")
        }
    }
}
