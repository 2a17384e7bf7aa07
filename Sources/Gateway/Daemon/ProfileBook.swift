import Drivers
import FieldProtocols
import GatewayModel

/// Which profile a device goes by, and what that means for its payloads.
struct ProfileBook: Sendable {
    /// By device, and by name for those that a network server names.
    private let codecs: [DeviceName: PortCodecs]
    /// Of devices whose Cayenne LPP is not the usual.
    private let tables: [DeviceName: CayenneTable]
    /// Of MQTT topics.
    let topics: [Profile]
    private let conditioning: Conditioning

    init(_ configuration: GatewayConfiguration, conditioning: Conditioning) {
        var codecs: [DeviceName: PortCodecs] = [:]
        var tables: [DeviceName: CayenneTable] = [:]
        for device in configuration.devices {
            guard let name = DeviceName(device.id) else { continue }
            if let table = device.cayenne { tables[name] = table }
            guard let profile = device.profile?.profile else { continue }
            conditioning.assign(name, profile)
            if case .lorawan(let ports) = profile.kind { codecs[name] = ports }
        }
        self.codecs = codecs
        self.tables = tables
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
        var cayenne: [DeviceName: CayenneReadings] = [:]
        return { [codecs, tables] device, _, port, payload, batch in
            let isWhole: Bool?
            if let codec = codecs[device] {
                // What it does not understand at all is kept as bytes by the caller.
                isWhole = try? readers[device, default: PortReader(codec)].read(payload, port: port, into: &batch)
            } else if let table = tables[device] {
                isWhole = payload.withUnsafeBytes {
                    cayenne[device, default: CayenneReadings(table: table)].append($0, to: &batch) == nil
                }
            } else {
                return nil
            }
            if isWhole == false { batch.append(PayloadReadings.bytes(payload)) }
            return isWhole != nil
        }
    }
}
