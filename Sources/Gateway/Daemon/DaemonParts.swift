import CloudSync
import ControlAPI
import Crypto
import Drivers
import EventLoop
import FieldProtocols
import Fleet
import GatewayModel
import HTTPClient
import HTTPServer
import Journal
import MQTT
import ServiceManager
import Synchronization

/// The parts of a running daemon, built in the order in which they depend on each other.
struct DaemonParts {
    let store: Store
    let mqtt: MQTTSide?
    let serial: SerialSide?
    let modbus: ModbusSide
    let lora: LoRaSide?
    let push: PushSide
    let http: HTTPSide
    let clock: SystemClock
    let log: Log
    private let configuration: GatewayConfiguration
    private let obstacles: @Sendable () -> [String]

    init(_ configuration: GatewayConfiguration, dataDirectory: String, clock: SystemClock, log: Log) throws {
        self.configuration = configuration
        self.clock = clock
        self.log = log
        let publishing = Later<(@Sendable (MQTTPublication) throws -> Void)?>(nil)
        let store = try Self.store(configuration, dataDirectory, clock, publishing)
        CertificateClock.current = clock.certificateTime
        let started = clock.now()
        try store.declareConsumers(configuration.sync, at: started)
        let profiles = ProfileBook(configuration, conditioning: store.conditioning)
        let mqtt = try MQTTSide(
            configuration, dataDirectory: dataDirectory, store: store, profiles: profiles, clock: clock)
        if let intake = mqtt?.intake { publishing.set { try intake.publish($0) } }
        let modbus = try ModbusSide(configuration, store: store, clock: clock, log: log)
        let serial = try SerialSide(configuration, store: store, clock: clock, log: log)
        let lora = try LoRaSide(configuration, store: store, profiles: profiles, clock: clock, log: log)
        let port = Later(configuration.http.listen.port)
        let push = try PushSide(configuration, store: store, clock: clock) { port.value }
        let ingest = HTTPIntake(
            store: store, gateway: configuration.gateway.id.text, policies: SignaturePolicies(configuration.devices),
            clock: clock)
        let obstacles: @Sendable () -> [String] = {
            (store.journal.isWritable ? [] : ["journal: not writable"]) + (mqtt?.obstacles ?? [])
        }
        let sendOverMQTT: @Sendable (DeviceID) -> Void = { device in
            do { try mqtt?.sendCommands(to: device, store: store, clock: clock) } catch {
                log.error("a command could not be sent", ["device": device.text, "error": "\(error)"])
            }
        }
        // Takes over those of an earlier run, so that the first connection sends them.
        try store.commands.expire(now: started)
        mqtt?.intake.onSubscribed {
            // What cannot be read now is sent with the next connection.
            for device in (try? store.commands.waitingDevices(now: clock.now())) ?? [] {
                if MQTTSide.reaches(store.devices.device(device)) { sendOverMQTT(device) }
            }
        }
        store.commands.onSubmit { device in
            guard !MQTTSide.reaches(store.devices.device(device)) else { return sendOverMQTT(device) }
            serial?.intake.commandsWaiting(for: device)
            modbus.commandsWaiting(for: device)
            lora?.server.commandsWaiting(for: device)
        }
        var sources = ControlSources(
            gateway: configuration.gateway.id, site: configuration.gateway.site, version: Version.number,
            started: started, clock: clock, journal: store.journal, devices: store.devices, commands: store.commands,
            obstacles: obstacles, warnings: { Self.warnings(clock) + store.warnings + push.warnings },
            destinations: { push.reports },
            ports: { SerialSide.reports(serial).filter { !modbus.has($0.path) } + modbus.reports },
            rejections: {
                var rejections = ingest.rejections
                for (reason, count) in mqtt?.rejections ?? [:] { rejections[reason, default: 0] += count }
                for (reason, count) in lora?.rejections ?? [:] { rejections[reason, default: 0] += count }
                return rejections
            },
            measures: { IntakeMeasures.of(mqtt, serial, lora) + modbus.measures },
            flush: { push.flush($0) }, announce: { push.announce() },
            resend: { try await push.resend($0, store.journal) },
            ingest: { message throws(IngestRefusal) in
                try ingest.take(message) { push.reports.map(\.lag).max() ?? 0 }
            },
            uuid: {
                var random = SystemRandomNumberGenerator()
                return UUIDText.random(using: &random)
            },
            residentBytes: { ResidentMemory.byteCount() })
        sources.conditioning = ConditioningSources(
            isStale: { store.conditioning.isStale($0, at: $1) }, calibrations: { try store.calibrations.all() },
            calibrate: { calibration in
                try store.calibrations.save(calibration)
                store.conditioning.use(calibration)
            })
        sources.conditioning.hasExpired = { store.conditioning.hasExpired($0, $1, at: $2) }
        let rawData = RawDataIntake(store: store, clock: clock)
        sources.importRawData = { bytes throws(IngestRefusal) in try rawData.take(bytes) }
        sources.clockEvidence = { clock.standing.evidence.rawValue }
        http = try HTTPSide(
            configuration, dataDirectory: dataDirectory, store: store, sources: sources, clock: clock, log: log)
        port.set(http.port)
        self.store = store
        self.mqtt = mqtt
        self.serial = serial
        self.modbus = modbus
        self.lora = lora
        self.push = push
        self.obstacles = obstacles
    }

    private static func store(
        _ configuration: GatewayConfiguration, _ dataDirectory: String, _ clock: SystemClock,
        _ publishing: Later<(@Sendable (MQTTPublication) throws -> Void)?>
    ) throws -> Store {
        var store = try Store(configuration, dataDirectory: dataDirectory, clock: clock)
        if configuration.mqtt.broker != nil, configuration.mqtt.announcement == .homeassistant {
            let devices = store.devices
            store.announcer = HomeAnnouncer(gateway: configuration.gateway.id, device: { devices.device($0) }) {
                guard let publish = publishing.value else { throw MQTTError.outboxFull }
                try publish($0)
            }
        }
        return store
    }

    private static func warnings(_ clock: SystemClock) -> [String] {
        guard clock.standing.evidence == .none else { return [] }
        return ["clock: nothing vouches for it; run systemd-timesyncd or chrony, or set `gateway.clock: trusted`"]
    }

    /// Runs until a signal or a failure.
    func run(_ signals: Signals, reload: @escaping @Sendable () -> Void) async -> ServiceGroup.End {
        let notifier = ServiceNotifier()
        let readiness = Readiness(notifier: notifier, log: log, obstacles: obstacles)
        let journal = store.journal
        let (time, ports) = (clock, serial?.intake)
        let watchdog = Watchdog(
            answers: [{ journal.answers }, { ports?.answers(at: time.now()) ?? true }],
            feed: { notifier.feedWatchdog() })
        let push = push
        let destinations = { @Sendable in push.destinations.map(\.status) }
        let housekeeping = Housekeeping(store: store, clock: clock, log: log, destinations: destinations) {
            readiness.look()
            watchdog.beat()
        }
        var services = [Service(name: "housekeeping", run: housekeeping.run)]
        if let broker = mqtt?.broker { services.append(Service(name: "broker", run: broker.run)) }
        let own: [(any Driver)?] = [mqtt?.intake, serial?.intake, lora?.server, lora?.server.stations]
        let drivers = own.compactMap { $0 } + (mqtt?.others ?? []) + modbus.buses
        if !drivers.isEmpty {
            let log = log
            let supervisor = DriverSupervisor(
                drivers: drivers, clock: clock, seed: .random(in: .min ... .max),
                sleep: { try await Task.sleep(for: $0) }
            ) { driver, reason, wait in
                log.error("a driver ended", ["driver": driver, "reason": reason, "again_in": "\(wait)"])
            }
            services.append(Service(name: "drivers") { await supervisor.run() })
        }
        // A fallback's gate stops after what it lets through.
        services += push.services.map { Service(name: $0.name, stage: "beside push", run: $0.run) }
        services += push.destinations.map { destination in
            Service(name: "push", stage: "push") { try await destination.run() }
        }
        services.append(Service(name: "http", run: http.server.run))
        services.append(Service(name: "readiness") { try await readiness.untilReady() })
        let group = ServiceGroup(services: services, log: log)
        let log = log
        let end = await group.run(
            until: {
                await signals.untilStop(reload: reload)
            },
            started: {
                log.info(
                    "started",
                    ["gateway": configuration.gateway.id.text, "version": Version.number, "port": "\(http.port)"])
            })
        notifier.stopping(status: "stopping")
        housekeeping.finish()
        store.journal.close()
        log.info("stopped")
        return end
    }
}
