import CloudSync
import ControlAPI
import EventLoop
import Fleet
import GatewayModel
import HTTPClient
import Journal

/// The destinations that records are pushed to.
struct PushSide {
    let destinations: [MASDestination]
    private let sections: [SyncSection.Destination]

    init(
        _ configuration: GatewayConfiguration, store: Store, clock: SystemClock, port: @escaping @Sendable () -> Int
    ) throws {
        sections = configuration.sync.destinations
        destinations = try sections.map { section in
            var settings = MASDestination.Configuration(
                name: section.name, url: section.url, gatewayID: configuration.gateway.id.text,
                epoch: store.journal.epoch)
            settings.serviceToken = try Secret.read(section.serviceToken)
            settings.push.parallelism = section.parallelism
            settings.client.tls.authorityFile = section.certificateAuthority
            settings.client.userAgent = "mycogate/" + Version.number
            settings.onServerTime = { clock.hear(upstream: $0) }
            return try MASDestination(
                settings, source: RecordSource(journal: store.journal, consumer: section.name), clock: clock,
                seed: .random(in: .min ... .max),
                announcement: { Self.announcement(configuration, store, clock, port()) })
        }
    }

    var reports: [DestinationReport] {
        zip(sections, destinations).map { section, destination in
            let status = destination.status
            return DestinationReport(
                name: section.name, kind: section.kind.rawValue, url: section.url, state: status.state.rawValue,
                reason: status.reason, lag: status.lag, lastAcknowledgement: status.lastAck, sent: Int64(status.sent),
                refused: Int64(status.refused))
        }
    }

    var warnings: [String] {
        destinations.flatMap { destination in
            let status = destination.status
            return status.warnings.map { "\(status.name): \($0)" }
                + status.refusedHeartbeats.sorted { $0.key < $1.key }.map {
                    "\(status.name): heartbeat of \($0.key) refused: \($0.value)"
                }
        }
    }

    /// Wakes the named destination, or all. The names that were woken.
    func flush(_ name: String?) -> [String] {
        zip(sections, destinations).compactMap { section, destination in
            guard name == nil || name == section.name else { return nil }
            destination.flush()
            return section.name
        }
    }

    /// Makes all destinations announce the gateway and its devices again. Their names.
    func announce() -> [String] {
        for destination in destinations { destination.announce() }
        return sections.map(\.name)
    }

    /// Sends a condemned record again and waits for the answer; a delivered one is forgotten as refused.
    func resend(_ id: Int64, _ journal: Journal) async throws -> ResendOutcome {
        for destination in destinations {
            let name = destination.status.name
            guard let refused = try journal.refused(by: name).first(where: { $0.id == id }) else { continue }
            let before = SequenceNumber(refused.seq.rawValue - 1)
            guard let record = try journal.read(refused.stream, after: before, limit: 1).records.first,
                record.seq == refused.seq
            else { return .failed("the record is no longer kept") }
            // A request may take long: it gets a thread, not one of the few that all tasks share.
            let outcome = try await DedicatedThread.run(named: "resend") { _ in destination.resend(record) }
            switch outcome {
            case .delivered:
                try journal.forget(refused: id)
                return .delivered
            case .failed(let reason): return .failed(reason)
            }
        }
        return .unknown
    }

    private static func announcement(
        _ configuration: GatewayConfiguration, _ store: Store, _ clock: any Clock, _ port: Int
    ) -> SiteAnnouncement {
        let address = configuration.http.advertise ?? Address(host: configuration.http.listen.host, port: port)
        let now = clock.now()
        let devices = store.devices.devices().filter { $0.isOnline(at: now) }.map { device in
            var announcement = DeviceAnnouncement(id: device.id, source: device.source)
            announcement.name = device.displayName
            announcement.role = device.role
            announcement.displayName = device.displayName
            announcement.location = configuration.gateway.location
            announcement.firmwareVersion = device.firmware
            announcement.boardType = device.boardType
            announcement.sensors = device.sensors
            announcement.capabilities = device.capabilities
            announcement.reportedID = device.reportedID
            return announcement
        }
        var site = SiteAnnouncement(
            gatewayID: configuration.gateway.id.text, host: address.host, port: address.port, version: Version.number,
            devices: devices)
        site.displayName = configuration.gateway.site
        site.location = configuration.gateway.location
        return site
    }
}
