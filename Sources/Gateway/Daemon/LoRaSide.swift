import Crypto
import Drivers
import FieldProtocols
import Fleet
import GatewayModel
import HTTPServer
import YAMLText

/// The LoRa gateways that report to this one.
struct LoRaSide {
    let server: LoRaServer

    /// Nil if none are configured.
    init?(
        _ configuration: GatewayConfiguration, store: Store, profiles: ProfileBook, clock: any Clock, log: Log
    ) throws {
        let section = configuration.lora
        guard section.semtech != nil || section.stations != nil else { return nil }
        let devices = try section.devices.map { device in
            LoRaConfiguration.Device(
                eui: device.eui, address: device.address, networkKey: try Self.key(device.networkKey, device),
                applicationKey: try Self.key(device.applicationKey, device),
                restarts: device.acceptsRestart ? .accepted : .refused, isAcknowledged: device.isAcknowledged)
        }
        let settings = LoRaConfiguration(
            forwarders: try Self.forwarders(section.semtech), stations: section.stations.map(Self.stations),
            devices: devices, naming: LoRaNaming(configuration.devices), region: section.region,
            leapSeconds: Int64(section.leapSeconds), duplicateWindow: section.duplicateWindow, power: section.power)
        let onError: @Sendable (any Error) -> Void = { error in
            log.error("LoRa's commands and counters cannot be read or written", ["error": "\(error)"])
        }
        var outlets = LoRaServer.Outlets(
            commit: { _ = try store.commit($0) },
            commands: CommandSource(queue: store.commands, clock: clock, onError: onError),
            counters: FrameCounters(database: store.state, onError: onError), sighted: { store.devices.note($0) },
            profile: { profiles.payloads() })
        outlets.condition = { store.conditioning.apply(&$0) }
        server = try LoRaServer(settings, outlets: outlets, clock: clock, seed: .random(in: .min ... .max))
    }

    private static func forwarders(
        _ section: LoRaSection.Semtech?
    ) throws(StartError) -> LoRaConfiguration.Forwarders? {
        guard let section else { return nil }
        guard let listen = DatagramPeer(host: section.listen.host, port: section.listen.port) else {
            throw .configuration("lora.semtech.listen: \(section.listen.host) is no address of a network interface")
        }
        return LoRaConfiguration.Forwarders(listen: listen, gateways: Set(section.gateways))
    }

    private static func stations(_ section: LoRaSection.Stations) -> LoRaConfiguration.Stations {
        var tls: HTTPServer.TLSFiles?
        if let certificate = section.certificate, let key = section.key {
            tls = .init(certificateChain: certificate, privateKey: key)
        }
        return LoRaConfiguration.Stations(
            listen: .tcp(host: section.listen.host, port: UInt16(section.listen.port)), tls: tls,
            gateways: Set(section.gateways), plan: section.plan)
    }

    private static func key(_ reference: SecretReference?, _ device: LoRaSection.Device) throws(StartError) -> [UInt8] {
        let text = try Secret.read(reference) ?? ""
        guard let key = Hex.decode(text), key.count == AES128.byteCount else {
            throw .secret("a key of \(device.eui) is not 32 hex digits")
        }
        return key
    }

    /// Datagrams and frames refused, by reason.
    var rejections: [String: Int64] { server.status.rejected.mapValues { Int64($0) } }
}

extension LoRaNaming {
    /// The aliases of the configuration.
    init(_ devices: [DeviceSection]) {
        self.init()
        for device in devices {
            guard let eui = device.match.deviceEUI, let named = DeviceName(device.id) else { continue }
            name(eui, named)
        }
    }
}
