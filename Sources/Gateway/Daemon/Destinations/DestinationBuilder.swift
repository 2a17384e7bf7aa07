import CloudSync
import EventLoop
import Fleet
import GatewayModel
import HTTPClient
import Journal

/// What building the destinations comes to beside the destinations themselves.
struct DestinationParts {
    var services: [Service] = []
    var warnings: [@Sendable () -> [String]] = []
    /// What a flush wakes besides the destinations, by the name of the one it belongs to.
    var companions: [(name: String, flush: @Sendable () -> Void)] = []
    /// Those built so far.
    var byName: [String: any Destination] = [:]
}

/// Builds a destination of each kind from its section.
struct DestinationBuilder {
    let configuration: GatewayConfiguration
    let store: Store
    let clock: SystemClock
    /// Where our HTTP side listens; known only later.
    let port: @Sendable () -> Int

    func make(_ section: SyncSection.Destination, _ parts: inout DestinationParts) throws -> any Destination {
        if let keys = section.mindex { return try mindex(section, keys) }
        if let keys = section.mycorrhizae { return try mycorrhizae(section, keys, &parts) }
        if let keys = section.nats { return try nats(section, keys) }
        if let keys = section.website { return try website(section, keys, &parts) }
        if let keys = section.collector { return try collector(section, keys) }
        if let keys = section.influx { return try influx(section, keys) }
        return try mas(section)
    }

    var gateway: String { configuration.gateway.id.text }
    var epoch: String { store.journal.epoch }
    var seed: UInt64 { .random(in: .min ... .max) }

    func client(_ section: SyncSection.Destination) -> ClientSettings {
        var client = ClientSettings()
        client.tls.authorityFile = section.certificateAuthority
        client.userAgent = "mycogate/" + Version.number
        return client
    }

    /// What every kind that takes one record a request has in common.
    func settings(_ section: SyncSection.Destination, name: String? = nil) -> DestinationConfiguration {
        var settings = DestinationConfiguration(
            name: name ?? section.name, kind: section.kind.rawValue, gatewayID: gateway)
        settings.client = client(section)
        // Short requests and answers: the total time-out says it all.
        settings.client.acceptsCompression = false
        settings.client.stallTimeout = nil
        settings.push.parallelism = section.parallelism
        settings.push.bandwidth = section.bandwidth
        return settings
    }

    /// Enters a note in the audit, durably.
    var audit: @Sendable (Note) throws -> Void {
        { [journal = store.journal] note in
            var batch = ObservationBatch()
            batch.append(note)
            _ = try journal.append(batch)
        }
    }

    private func mas(_ section: SyncSection.Destination) throws -> any Destination {
        var settings = MASDestination.Configuration(
            name: section.name, url: section.url, gatewayID: gateway, epoch: epoch)
        settings.serviceToken = try Secret.read(section.serviceToken)
        settings.push.parallelism = section.parallelism
        settings.push.bandwidth = section.bandwidth
        settings.client = client(section)
        settings.onServerTime = { [clock] in clock.hear(upstream: $0) }
        let site = site
        return try MASDestination(
            settings, sources: sources(section), clock: clock, seed: seed,
            announcement: { site() })
    }

    /// What there is to tell of this site now.
    var site: @Sendable () -> SiteAnnouncement {
        { [configuration, store, clock, port] in
            SiteDescription.announcement(configuration, store, clock, port())
        }
    }
}
