import ControlAPI
import Drivers
import EventLoop
import FieldProtocols
import Fleet
import GatewayModel
import MQTT
import Synchronization

/// The MQTT intake, with the private broker if the configuration asks for one.
struct MQTTSide {
    let intake: MQTTIntake<TopicDecoder>
    private let words: SiteWords
    /// Ids of commands that the broker is to have and has not confirmed.
    private let underWay = Later<Set<String>>([])
    let broker: BrokerKeeper?
    /// What else works at the broker.
    let others: [any Driver]

    /// Nil if MQTT is not configured.
    init?(
        _ configuration: GatewayConfiguration, dataDirectory: String, store: Store, profiles: ProfileBook,
        clock: SystemClock
    ) throws {
        let section = configuration.mqtt
        guard let kind = section.broker else { return nil }
        var connection = MQTTConfiguration(
            host: "127.0.0.1", port: 1_883, clientID: section.clientID ?? "mycogate-" + configuration.gateway.id.text)
        connection.username = section.user
        connection.password = try Secret.read(section.password)
        connection.sessionExpiry = UInt32(clamping: section.sessionExpiry.components.seconds)
        let wakeup = Later<Wakeup?>(nil)
        let keeper: BrokerKeeper?
        switch kind {
        case .embedded:
            let settings = BrokerSettings(folder: dataDirectory + "/broker", port: section.port.map { UInt16($0) })
            keeper = BrokerKeeper(settings: settings, clock: clock, seed: .random(in: .min ... .max)) {
                wakeup.value?.wake()
            }
        case .remote(let address, let tls):
            connection.host = address.host
            connection.port = UInt16(address.port)
            if tls {
                connection.tls = .init(
                    authorityFile: section.certificateAuthority, certificateFile: section.certificate,
                    keyFile: section.key)
            }
            keeper = nil
        }
        let prepared = connection
        let words = SiteWords(store: store)
        self.words = words
        let policies = SignaturePolicies(configuration.devices)
        let families = Self.families(section, profiles, LoRaNaming(configuration.devices), store.announcer)
        var settings = IntakeSettings(gateway: configuration.gateway.id.text)
        settings.extraFilters = families().flatMap(\.filters)
        settings.condition = { store.conditioning.apply(&$0) }
        let address: @Sendable () -> MQTTConfiguration? = {
            var current = prepared
            if let keeper {
                guard let port = keeper.port else { return nil }
                current.port = port
            } else {
                current.tls?.time = clock.certificateTime
            }
            return current
        }
        let intake = try MQTTIntake(
            settings: settings, address: address,
            makeDecoder: { TopicDecoder(policy: { policies[$0] }, families: families()) },
            commit: { batch, start in try store.commit(batch, sessionStart: start) },
            sink: { words.take($0) }, clock: clock, seed: .random(in: .min ... .max))
        self.intake = intake
        let host = section.sparkplugHost.map { host in
            SparkplugHost(
                host: host, address: address, isTakingIn: { intake.status.isSubscribed }, clock: clock,
                seed: .random(in: .min ... .max))
        }
        let others: [(any Driver)?] = [store.announcer, host]
        self.others = others.compactMap { $0 }
        wakeup.set(intake.wakeup)
        broker = keeper
    }

    /// Makes the topic families anew: the profiles' topics first, then those that know their topics, then the topics that the
    /// site has named.
    private static func families(
        _ section: MQTTSection, _ profiles: ProfileBook, _ naming: LoRaNaming, _ announcer: HomeAnnouncer?
    ) -> @Sendable () -> [any TopicFamily] {
        let (names, topics) = (section.families, section.topics)
        return {
            let site: [any TopicFamily] = topics.isEmpty ? [] : [SiteTopicsFamily(topics: topics)]
            let own = [profiles.family()].compactMap { $0 as (any TopicFamily)? }
            let last: [any TopicFamily] = names.contains(.homeassistant) ? [UndescribedMessages()] : []
            let status = announcer.map { [HomeStatusFamily($0) as any TopicFamily] } ?? []
            let known = names.map { name -> any TopicFamily in
                let family = name.make(naming: naming, profile: profiles.payloads())
                guard let announcer, HomeKnownFamily.knows(name) else { return family }
                return HomeKnownFamily(family, announcer)
            }
            return status + own + known + site + last
        }
    }

    /// Whether commands of the device go over MQTT.
    static func reaches(_ device: Device?) -> Bool {
        device?.source == .mqtt || device?.attributes[DownlinkAttribute.topic] != nil
    }

    /// Sends the waiting commands of a device that is reached over MQTT. Each counts as sent once the broker has it; without
    /// a connection they wait for the next.
    func sendCommands(to device: DeviceID, store: Store, clock: any Clock) throws {
        guard intake.status.isSubscribed else { return }
        let now = clock.now()
        let attributes = store.devices.device(device)?.attributes ?? [:]
        for command in try store.commands.waiting(for: device, now: now) {
            let publication: MQTTPublication
            do throws(PayloadCommand.Refusal) {
                publication =
                    try NetworkDownlink.publication(command, attributes: attributes, now: now)
                    ?? CommandPublication.of(command, deviceID: device.text, now: now)
            } catch {
                try store.commands.report(command.id, .refused, result: error.description)
                continue
            }
            let id = command.id
            guard underWay.change({ $0.insert(id).inserted }) else { continue }
            do {
                try intake.publish(publication) { [underWay] outcome in
                    if case .success(let reason) = outcome, !reason.isFailure {
                        // As what the broker did not take, what cannot be written now is sent again with the next connection.
                        _ = try? store.commands.report(id, .sent)
                    }
                    underWay.change { $0.remove(id) }
                }
            } catch {
                underWay.change { $0.remove(id) }
                throw error
            }
        }
    }

    /// Messages refused, by reason.
    var rejections: [String: Int64] {
        var rejections = intake.status.rejected.mapValues { Int64($0) }
        if words.foreign.count > 0 { rejections["foreign_answer"] = words.foreign.count }
        return rejections
    }

    /// Why messages cannot come in; empty if they can.
    var obstacles: [String] {
        let status = intake.status
        if status.isSubscribed { return [] }
        if case .degraded(let reason)? = broker?.condition { return ["broker: \(reason)"] }
        return ["mqtt: \(status.lastError ?? "not subscribed yet")"]
    }
}

/// Takes in presence and answers, after the commit of what came before them.
struct SiteWords: Sendable {
    let store: Store
    let foreign = ForeignAnswers()

    func take(_ word: DeviceWord) {
        switch word {
        case .presence(let device, let presence, let received):
            let sighting = sighting(device, presence, received)
            store.devices.note(sighting)
            if presence.isOfThoseBehind { tellThoseBehind(sighting) }
            for (metric, after) in presence.expiries {
                store.conditioning.expire(device, metric, after: after, from: received)
            }
        case .answer(let device, let answer, let received):
            guard let id = answer.requestID else { return }
            // One device must not answer for another. A store that cannot be read leaves the command to expire.
            let asked = (try? store.commands.command(id)) ?? nil
            if asked == nil, let server = answer.networkServer {
                return foreign.tell(answer, of: device, by: server, at: received, store)
            }
            guard asked?.device == device.id else { return foreign.refuse(answer, from: device, at: received, store) }
            if answer.isTransmissionOnly, let asked, !NetworkDownlink.endsWithTransmission(asked) { return }
            // A command that is unknown, has ended or cannot be written now stays as it is and expires.
            _ = try? store.commands.report(id, answer.isOK ? .acknowledged : .refused, result: answer.result)
        }
    }

    /// Of devices not heard since the gateway started only the registry knows whom they are behind.
    private func tellThoseBehind(_ sighting: Sighting) {
        for device in store.devices.present(behind: sighting.device, at: sighting.at) {
            var other = sighting
            other.device = device
            store.devices.note(other)
        }
    }

    private func sighting(_ device: DeviceName, _ presence: DevicePresence, _ at: ReceiveTime) -> Sighting {
        var sighting = Sighting(device: device.id, source: .mqtt, at: at)
        sighting.presence = presence.isOnline.map { $0 ? .online : .offline }
        sighting.displayName = presence.displayName
        sighting.role = presence.role
        sighting.firmware = presence.firmware
        sighting.boardType = presence.boardType
        sighting.reportedID = presence.reportedID
        sighting.sensors = presence.sensors
        sighting.capabilities = presence.capabilities
        sighting.attributes = presence.attributes
        sighting.isHearsay = presence.isOld
        sighting.isWatched = presence.isWatched
        return sighting
    }
}
