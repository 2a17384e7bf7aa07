internal import EventLoop
public import GatewayModel
public import HTTPClient
internal import Synchronization

/// Delivers the readings of this gateway to a MAS, and tells it which devices are here.
///
/// A cursor over the stream `readings`, run by one thread of its own: `POST /api/iot/envelope/ingest` for each record,
/// several at once across devices and in order within one, and heartbeats within the rate limits of the MAS. A record is
/// acknowledged to the journal only after the MAS has confirmed it, or condemned it with 400, 413 or 422.
public final class MASDestination: Destination {
    /// Where the MAS is and how to talk to it.
    public struct Configuration: Sendable {
        /// As configured: the name of its cursor.
        public var name: String
        /// Our own id and the journal's epoch: part of the message ids that are derived.
        public var gatewayID: String
        public var epoch: String
        /// `http://host:8001`, without the path.
        public var url: String
        /// Exempts us from the rate limits of the MAS: sent as `X-MYCA-Service-Token`.
        public var serviceToken: String?
        /// Keeps envelopes to the documented rate limit from the start, even before the MAS shows that it limits us.
        public var alwaysPaced = false
        public var client = ClientSettings()
        public var push = PushSettings()
        /// Told the server's time (milliseconds since 1970) when the MAS has proved to be one: by a good answer to a
        /// heartbeat.
        public var onServerTime: (@Sendable (Int64) -> Void)?

        public init(name: String, url: String, gatewayID: String, epoch: String) {
            self.name = name
            self.gatewayID = gatewayID
            self.epoch = epoch
            self.url = url.hasSuffix("/") ? String(url.dropLast()) : url
        }
    }

    let configuration: Configuration
    let source: RecordSource
    let announcement: @Sendable () -> SiteAnnouncement?
    let clock: any Clock
    let seed: UInt64
    let signals: PushSignals
    let ingestURL: String
    let heartbeatURL: String
    private let current: Mutex<DestinationStatus>

    /// `announcement` tells what is here now, or nil while there is nothing to tell; it is asked every few seconds on the
    /// destination's thread. `seed` is for jitter.
    public init(
        _ configuration: Configuration, source: RecordSource, clock: any Clock, seed: UInt64,
        announcement: @escaping @Sendable () -> SiteAnnouncement? = { nil }
    ) throws(CloudSyncError) {
        self.configuration = configuration
        self.source = source
        self.clock = clock
        self.seed = seed
        self.announcement = announcement
        ingestURL = configuration.url + "/api/iot/envelope/ingest"
        heartbeatURL = configuration.url + "/api/devices/heartbeat"
        do {
            signals = PushSignals(wakeup: try Wakeup())
        } catch {
            throw .cannotStart("\(error)")
        }
        let cursor = source.acknowledged()
        current = Mutex(
            DestinationStatus(name: configuration.name, kind: "mas", state: .starting, acknowledged: cursor, lag: 0))
    }

    /// Runs until the task is cancelled; then finishes what is under way within `PushSettings.stopLimit`, stores the
    /// cursor and returns. What was not confirmed is sent again after the next start.
    public func run() async throws {
        try await DedicatedThread.run(named: "push-\(configuration.name)", wakeup: signals.wakeup) { stop in
            try MASPush(self).run(stop)
        }
    }

    /// Tries at once what waits for a back-off, a probe or a pause.
    public func flush() { signals.requestFlush() }

    /// Tells the MAS of the gateway and all its devices now, whenever they were told last.
    public func announce() { signals.requestAnnouncement() }

    /// How it is going; safe from any thread.
    public var status: DestinationStatus {
        var status = current.withLock { $0 }
        status.lag = max(0, source.last().rawValue - status.acknowledged.rawValue)
        return status
    }

    func publish(_ status: DestinationStatus) { current.withLock { $0 = status } }
}
