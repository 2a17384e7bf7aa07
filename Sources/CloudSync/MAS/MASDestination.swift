public import GatewayModel
public import HTTPClient

/// Delivers the readings of this gateway to a MAS, its audit and tasks for agents too, and tells it which devices are here.
///
/// `POST /api/iot/envelope/ingest` for each reading, several at once across devices and in order within one; audit entries
/// and tasks one after another; and heartbeats within the rate limits of the MAS. A record is acknowledged to the journal
/// only after the MAS has confirmed it, or condemned it with 400, 413 or 422.
public final class MASDestination: Destination {
    /// Where the MAS is and how to talk to it.
    public struct Configuration: Sendable {
        /// As configured: the name of its cursors.
        public var name: String
        /// Our own id and the journal's epoch: part of the message ids that are derived.
        public var gatewayID: String
        public var epoch: String
        /// `http://host:8001`, without the path.
        public var url: String
        /// Exempts us from the rate limits of the MAS: sent as `X-MYCA-Service-Token`.
        public var serviceToken: String?
        /// Keeps records to the documented rate limit from the start, even before the MAS shows that it limits us.
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

    private let delivery: FormatDestination<MASFormat>

    /// `announcement` tells what is here now, or nil while there is nothing to tell; it is asked every few seconds on the
    /// destination's thread. `seed` is for jitter.
    public init(
        _ configuration: Configuration, sources: [DeliverySource], clock: any Clock, seed: UInt64,
        announcement: @escaping @Sendable () -> SiteAnnouncement? = { nil }
    ) throws(CloudSyncError) {
        var settings = DestinationConfiguration(
            name: configuration.name, kind: "mas", gatewayID: configuration.gatewayID)
        settings.client = configuration.client
        // Short requests and answers: the total time-out says it all.
        settings.client.acceptsCompression = false
        settings.client.stallTimeout = nil
        settings.push = configuration.push
        settings.push.batching = PushSettings.Batching()
        let format = MASFormat(
            url: configuration.url, gatewayID: configuration.gatewayID, epoch: configuration.epoch,
            serviceToken: configuration.serviceToken)
        delivery = try FormatDestination(
            settings, sources: sources, format: format, clock: clock, seed: seed,
            sideTraffic: {
                MASErrands(
                    configuration, seed: seed &+ 1, now: clock.now().monotonicMilliseconds, announcement: announcement)
            })
    }

    /// Runs until the task is cancelled; then finishes what is under way within `PushSettings.stopLimit`, stores the
    /// cursors and returns. What was not confirmed is sent again after the next start.
    public func run() async throws { try await delivery.run() }

    /// Tries at once what waits for a back-off, a probe or a pause.
    public func flush() { delivery.flush() }

    /// Tells the MAS of the gateway and all its devices now, whenever they were told last.
    public func announce() { delivery.announce() }

    /// How it is going; safe from any thread.
    public var status: DestinationStatus { delivery.status }

    /// Sends one record by itself, the same request as the first time, and waits for the answer; see `Destination`.
    public func resend(_ record: StoredRecord) -> ResendResult { delivery.resend(record) }
}
