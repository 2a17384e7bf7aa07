import Crypto
import Drivers
import FieldProtocols
import Fleet
import GatewayModel
import YAMLText

/// The packet forwarders that report to this gateway.
struct LoRaSide {
    let server: SemtechServer

    /// Nil if none are configured.
    init?(
        _ configuration: GatewayConfiguration, store: Store, profiles: ProfileBook, clock: any Clock, log: Log
    ) throws {
        guard let section = configuration.lora.semtech else { return nil }
        guard let listen = DatagramPeer(host: section.listen.host, port: section.listen.port) else {
            throw StartError.configuration(
                "lora.semtech.listen: \(section.listen.host) is no address of a network interface")
        }
        let devices = try section.devices.map { device in
            SemtechConfiguration.Device(
                eui: device.eui, address: device.address, networkKey: try Self.key(device.networkKey, device),
                applicationKey: try Self.key(device.applicationKey, device),
                restarts: device.acceptsRestart ? .accepted : .refused)
        }
        let settings = SemtechConfiguration(
            listen: listen, gateways: Set(section.gateways), devices: devices,
            naming: LoRaNaming(configuration.devices),
            duplicateWindow: section.duplicateWindow, power: section.power)
        let onError: @Sendable (any Error) -> Void = { error in
            log.error("LoRa's commands and counters cannot be read or written", ["error": "\(error)"])
        }
        var outlets = SemtechServer.Outlets(
            commit: { _ = try store.commit($0) },
            commands: CommandSource(queue: store.commands, clock: clock, onError: onError),
            counters: FrameCounters(database: store.state, onError: onError), sighted: { store.devices.note($0) },
            profile: { profiles.payloads() })
        outlets.condition = { store.conditioning.apply(&$0) }
        server = try SemtechServer(settings, outlets: outlets, clock: clock, seed: .random(in: .min ... .max))
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
