import CloudSync
import GatewayModel
import NATS

/// The kind that publishes to NATS JetStream.
extension DestinationBuilder {
    func nats(_ section: SyncSection.Destination, _ keys: NATSKeys) throws -> any Destination {
        var settings = NATSDestination.Configuration(
            name: section.name, gatewayID: gateway, epoch: epoch, servers: [section.url] + keys.servers)
        settings.createsStream = keys.stream.creates
        settings.domain = keys.stream.domain
        if let name = keys.stream.name { settings.stream.name = name }
        settings.stream.replicas = keys.stream.replicas
        settings.stream.bytesMax = keys.stream.maxBytes
        settings.stream.ageMax = keys.stream.maxAge?.nanoseconds
        settings.stream.dropsOldest = keys.stream.discard == .old
        settings.stream.duplicateWindow = keys.stream.duplicateWindow.nanoseconds
        settings.client.name = "mycogate " + gateway
        settings.client.authorityFile = section.certificateAuthority
        settings.client.certificateFile = keys.certificate
        settings.client.keyFile = keys.key
        if let user = keys.user {
            settings.client.credentials = .user(user, password: try Secret.read(keys.password) ?? "")
        } else if let token = try Secret.read(keys.token) {
            settings.client.credentials = .token(token)
        } else if let file = keys.credentialsFile {
            settings.client.credentials = .file(file)
        }
        let sources = keys.streams.map {
            DeliverySource(journal: store.journal, consumer: section.name, stream: $0)
        }
        return try NATSDestination(settings, sources: sources, clock: clock, seed: seed)
    }
}

extension Duration {
    /// Whole nanoseconds, at most what the type holds.
    var nanoseconds: Int64 {
        let (product, isOver) = components.seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return isOver ? .max : product + components.attoseconds / 1_000_000_000
    }
}
