import CloudSync
import GatewayModel
import HTTPClient

/// The kinds that take several records a request.
extension DestinationBuilder {
    func collector(_ section: SyncSection.Destination, _ keys: CollectorKeys) throws -> any Destination {
        var headers = keys.batches.headers.map { ClientRequest.Header($0.name, $0.value) }
        if let token = try Secret.read(keys.token) { headers.append(.init("Authorization", "Bearer \(token)")) }
        let format = NDJSONFormat(url: section.url, gatewayID: gateway, epoch: epoch, headers: headers)
        // A collector recognises repeats by the key of the batch: it must name the same records after a restart.
        return try FormatDestination(
            settings(section, keys.batches, isSealed: true), sources: sources(section, isSealed: true), format: format,
            clock: clock, seed: seed)
    }

    func influx(_ section: SyncSection.Destination, _ keys: InfluxKeys) throws -> any Destination {
        let format = InfluxFormat(
            url: section.url, target: keys.target, gatewayID: gateway, token: try Secret.read(keys.token),
            headers: keys.batches.headers.map { ClientRequest.Header($0.name, $0.value) })
        return try FormatDestination(
            settings(section, keys.batches, isSealed: false), sources: sources(section), format: format, clock: clock,
            seed: seed)
    }

    /// A cursor over each of its streams.
    func sources(_ section: SyncSection.Destination, isSealed: Bool = false) -> [DeliverySource] {
        let seals = isSealed ? SealTable(database: store.state) : nil
        return section.streams.map {
            DeliverySource(journal: store.journal, consumer: section.name, stream: $0, seals: seals)
        }
    }

    private func settings(
        _ section: SyncSection.Destination, _ keys: BatchKeys, isSealed: Bool
    ) -> DestinationConfiguration {
        var batching = PushSettings.Batching()
        batching.recordsMax = keys.recordsMax
        batching.byteCountMax = Int(keys.byteCountMax)
        batching.interval = keys.interval.milliseconds
        batching.isSealed = isSealed
        var settings = DestinationConfiguration(
            name: section.name, kind: section.kind.rawValue, gatewayID: gateway)
        settings.client = client(section)
        // Of what they answer, only a few numbers and reasons count.
        settings.client.answerByteCountMax = 256 << 10
        settings.compression = keys.encoding
        settings.push = PushSettings(batching: batching, parallelism: section.parallelism)
        settings.push.bandwidth = section.bandwidth
        return settings
    }
}
