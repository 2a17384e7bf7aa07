internal import EventLoop
public import GatewayModel
internal import HTTPClient
internal import Synchronization

/// Pushes the streams of this gateway over HTTP in some format, from one thread of its own.
///
/// Each stream has a durable cursor; a record is acknowledged to the journal only after the destination has confirmed it,
/// or condemned it with 400, 413 or 422. All streams share one circuit and one cap on bandwidth.
public final class FormatDestination<Format: DeliveryFormat>: Destination {
    let configuration: DestinationConfiguration
    let sources: [DeliverySource]
    let format: Format
    let clock: any Clock
    let seed: UInt64
    let signals: PushSignals
    let sideTraffic: @Sendable () -> (any SideTraffic)?
    private let current: Mutex<DestinationStatus>

    /// `sideTraffic` is asked once, on the destination's thread. `seed` is for jitter.
    public init(
        _ configuration: DestinationConfiguration, sources: [DeliverySource], format: Format, clock: any Clock,
        seed: UInt64, sideTraffic: @escaping @Sendable () -> (any SideTraffic)? = { nil }
    ) throws(CloudSyncError) {
        self.configuration = configuration
        // In the order in which the machine numbers them.
        self.sources = sources.sorted { $0.stream.deliveryRank < $1.stream.deliveryRank }
        self.format = format
        self.clock = clock
        self.seed = seed
        self.sideTraffic = sideTraffic
        do {
            signals = PushSignals(wakeup: try Wakeup())
        } catch {
            throw .cannotStart("\(error)")
        }
        current = Mutex(DestinationStatus(name: configuration.name, kind: configuration.kind, self.sources))
    }

    /// Runs until the task is cancelled; then finishes what is under way within `PushSettings.stopLimit`, stores the
    /// cursors and returns. What was not confirmed is sent again after the next start.
    public func run() async throws {
        try await DedicatedThread.run(named: "push-\(configuration.name)", wakeup: signals.wakeup) { stop in
            try Delivery(self).run(stop)
        }
    }

    /// Tries at once what waits for a back-off, a probe or a pause.
    public func flush() { signals.requestFlush() }

    /// Tells of the gateway and its devices now, for kinds that tell of them.
    public func announce() { signals.requestAnnouncement() }

    /// How it is going; safe from any thread.
    public var status: DestinationStatus { current.withLock { $0 }.measured(by: sources) }

    func publish(_ status: DestinationStatus) { current.withLock { $0 = status } }

    /// Sends one condemned record again by itself and waits for the answer; see `Destination`.
    public func resend(_ record: StoredRecord) -> ResendResult {
        var format = format
        var bytes: [UInt8] = []
        let identity: ArraySlice<UInt8>
        switch format.render(record, to: &bytes) {
        case .nothing: return .failed("this kind of destination has no place for the record")
        case .unfit(let reason): return .failed(reason)
        case .rendered(let text): identity = ArraySlice(text.utf8)
        case .named(let range): identity = bytes[range]
        }
        let batch = DeliveryBatch(
            stream: record.stream,
            items: [DeliveryItem(seq: record.seq, device: record.device, bytes: bytes[...], identity: identity)],
            gatewayID: configuration.gatewayID, epoch: sources.first?.epoch ?? "")
        do throws(HTTPClientError) {
            let client = try HTTPClient(configuration.client)
            let request = format.request(batch, at: clock.now()).compressed(configuration.compression)
            return ResendResult(format.outcome(try client.send(request), of: batch, at: clock.now()))
        } catch {
            return ResendResult(StatusJudgement(peer: configuration.kind).outcome(error))
        }
    }
}
