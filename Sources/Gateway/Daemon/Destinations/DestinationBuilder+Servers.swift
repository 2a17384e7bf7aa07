import CloudSync
import Fleet
import GatewayModel

/// The kinds that speak with Mycosoft's other servers.
extension DestinationBuilder {
    func mindex(_ section: SyncSection.Destination, _ keys: MINDEXKeys) throws -> any Destination {
        let base = MINDEXAddress.base(section.url)
        var credentials = MINDEXCredentials(key: try Secret.read(keys.key))
        if let token = try Secret.read(keys.token) {
            credentials.token = .preShared(token)
        } else if let secret = try Secret.read(keys.secret) {
            credentials.token = .signed(service: keys.service, secret: secret)
        }
        var errands = MINDEXErrands.Settings(base: base, credentials: credentials, gatewayID: gateway)
        errands.pollInterval = keys.pollInterval.milliseconds
        errands.healthInterval = keys.healthInterval.milliseconds
        let memory = keys.fetchesCommands ? downlink(section.name, origin: "mindex:" + section.name) : nil
        let format = MINDEXFormat(base: base, credentials: credentials, gateway: gateway, epoch: epoch)
        let (site, seed, settings) = (site, seed, errands)
        return try FormatDestination(
            self.settings(section), sources: [readings(section.name)], format: format, clock: clock, seed: seed,
            sideTraffic: { MINDEXErrands(settings, memory: memory, devices: { site().devices }, seed: seed) })
    }

    func mycorrhizae(
        _ section: SyncSection.Destination, _ keys: MycorrhizaeKeys, _ parts: inout DestinationParts
    ) throws -> any Destination {
        let access = BrokerAccess(url: section.url, key: try Secret.read(keys.key) ?? "")
        if keys.fetchesCommands {
            // The MAS sends a command over HTTP and over the broker: one origin makes them one command.
            let memory = downlink(
                section.name, origin: "mas", principal: "mycorrhizae:" + section.name, mayRepeat: true,
                lifetimeMax: CommandQueue.lifetime)
            var settings = CommandChannel.Settings()
            settings.client = client(section)
            let devices = store.devices
            let channel = try CommandChannel(
                section.name, access, settings: settings, memory: memory, isOurs: { devices.device($0) != nil },
                clock: clock, seed: seed)
            parts.services.append(Service(name: "events-" + section.name, run: channel.run))
            parts.companions.append((section.name, channel.flush))
            parts.warnings.append {
                channel.status.reason.map { ["\(section.name): command channel: \($0)"] } ?? []
            }
        }
        if keys.acknowledgesReplays {
            let name = section.name + "-acks"
            let acks = try FormatDestination(
                settings(section, name: name), sources: [readings(name)], format: ReplayAckFormat(access), clock: clock,
                seed: seed)
            parts.services.append(Service(name: name, run: acks.run))
            parts.companions.append((section.name, acks.flush))
            parts.warnings.append {
                acks.status.reason.map { ["\(section.name): replay acknowledgements: \($0)"] } ?? []
            }
        }
        return try FormatDestination(
            settings(section), sources: [readings(section.name)],
            format: PublishFormat(access, gateway: gateway, epoch: epoch), clock: clock, seed: seed)
    }

    func website(
        _ section: SyncSection.Destination, _ keys: WebsiteKeys, _ parts: inout DestinationParts
    ) throws -> any Destination {
        let primary = parts.byName[keys.primary]
        let gate = FallbackGate(
            FallbackGate.Names(fallback: section.name, primary: keys.primary), after: keys.after, clock: clock,
            primary: { primary?.status }, audit: audit)
        parts.services.append(Service(name: "fallback-" + section.name, run: gate.run))
        parts.warnings.append {
            [
                gate.trouble.map { "\(section.name): \($0)" },
                gate.isOpen ? "\(section.name) is used in place of \(keys.primary)" : nil,
            ].compactMap { $0 }
        }
        let format = WebsiteFormat(
            url: section.url, token: try Secret.read(keys.token), key: try Secret.read(keys.key), gateway: gateway,
            epoch: epoch)
        var settings = settings(section)
        // What was read before the primary came back is sent all the same: little is read ahead.
        settings.push.windowRecordsMax = 32
        settings.push.pageRecords = 16
        return try FormatDestination(
            settings, sources: [gate.guarding(readings(section.name))], format: format, clock: clock, seed: seed)
    }

    private func readings(_ consumer: String) -> DeliverySource {
        DeliverySource(journal: store.journal, consumer: consumer, stream: .readings)
    }

    private func downlink(
        _ name: String, origin: String, principal: String? = nil, mayRepeat: Bool = false,
        lifetimeMax: Duration = .seconds(86_400)
    ) -> DownlinkMemory {
        DownlinkMemory(
            database: store.state, source: name, commands: store.commands, origin: origin,
            principal: principal ?? origin, mayRepeat: mayRepeat, lifetimeMax: lifetimeMax, audit: audit)
    }
}

extension Duration {
    /// Whole milliseconds.
    var milliseconds: Int64 { components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000 }
}
