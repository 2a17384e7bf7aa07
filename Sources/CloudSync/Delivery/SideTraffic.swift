public import GatewayModel
public import HTTPClient

/// Requests that a destination makes beside its records, over the same connections: heartbeats, health, commands to fetch.
///
/// Confined to the destination's thread; its requests are neither counted against the parallelism nor held by the circuit.
public protocol SideTraffic: AnyObject {
    /// The next request to make now, under a number of its own choice below 2⁴⁸; nil if there is none.
    func next(now: ReceiveTime) -> (number: UInt64, request: ClientRequest)?

    /// When to ask again although nothing has happened (milliseconds of the monotonic clock); nil: after an answer.
    func deadline(now: Int64) -> Int64?

    /// Takes the answer. What it says of the destination as a whole counts for the records too: `limited`; else nil.
    func answered(
        _ number: UInt64, _ result: Result<ClientAnswer, HTTPClientError>, at time: ReceiveTime
    ) -> PushOutcome?

    /// Somebody wants everything tried now.
    func flush(now: Int64)

    /// Somebody wants everything told now.
    func announce(now: Int64)

    /// Whether a budget that records share with this traffic allows one now; if not, when it will.
    func allowsRecord(now: Int64) -> Bool
    func recordAllowedAt(now: Int64) -> Int64?

    /// A request for records was made, and answered.
    func recordSent()
    func recordAnswered(_ result: Result<ClientAnswer, HTTPClientError>, _ outcome: PushOutcome, now: Int64)

    /// Adds what it knows to the status: `warnings`, `announced` … and, while records flow, `state` and `reason`.
    func report(to status: inout DestinationStatus)
}

extension SideTraffic {
    /// Most kinds tell nothing of the site.
    public func announce(now: Int64) {}

    /// Most kinds have no budget of requests.
    public func allowsRecord(now: Int64) -> Bool { true }
    /// As above.
    public func recordAllowedAt(now: Int64) -> Int64? { nil }
    /// As above.
    public func recordSent() {}
    /// As above.
    public func recordAnswered(_ result: Result<ClientAnswer, HTTPClientError>, _ outcome: PushOutcome, now: Int64) {}
}
