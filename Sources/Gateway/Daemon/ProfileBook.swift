import Drivers
import FieldProtocols
import GatewayModel

/// Which profile a device goes by, and what that means for its payloads.
struct ProfileBook: Sendable {
    /// By device, and by name for those that a network server names.
    private let codecs: [DeviceName: PortCodecs]
    /// Of MQTT topics.
    let topics: [Profile]
    private let conditioning: Conditioning

    init(_ configuration: GatewayConfiguration, conditioning: Conditioning) {
        var codecs: [DeviceName: PortCodecs] = [:]
        for device in configuration.devices {
            guard let profile = device.profile?.profile, let name = DeviceName(device.id) else { continue }
            conditioning.assign(name, profile)
            if case .lorawan(let ports) = profile.kind { codecs[name] = ports }
        }
        self.codecs = codecs
        topics = configuration.mqtt.profiles.map(\.profile)
        self.conditioning = conditioning
    }

    /// The topics of profiles as a family; nil if there are none.
    func family() -> ProfileTopics? {
        guard !topics.isEmpty else { return nil }
        return ProfileTopics(topics) { [topics, conditioning] device, index in
            conditioning.assign(device, topics[index])
        }
    }

    /// Makes what reads the payloads of LoRaWAN devices, for one thread.
    func payloads() -> PayloadReadings.ProfileCodec {
        var readers: [DeviceName: PortReader] = [:]
        return { [codecs] device, _, port, payload, batch in
            guard let codec = codecs[device] else { return nil }
            // What it does not understand at all is kept as bytes by the caller.
            let isWhole = try? readers[device, default: PortReader(codec)].read(payload, port: port, into: &batch)
            if isWhole == false { batch.append(PayloadReadings.bytes(payload)) }
            return isWhole != nil
        }
    }
}
