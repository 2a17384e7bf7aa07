import FieldProtocols
import GatewayModel

/// A device whose keys the gateway has: it is read without a network server.
struct PersonalDevice {
    let eui: LoRaEUI
    let name: DeviceName
    let keys: SessionKeys
    var session: DeviceSession
    /// The number of the next downlink.
    var downCounter: UInt32
    let isAcknowledged: Bool

    init?(_ device: LoRaConfiguration.Device, name: DeviceName, kept: FrameCounters.Kept) {
        guard let keys = SessionKeys(network: device.networkKey, application: device.applicationKey) else { return nil }
        eui = device.eui
        self.name = name
        isAcknowledged = device.isAcknowledged
        self.keys = keys
        session = DeviceSession(
            address: device.address, keys: keys, counter: kept.up, restarts: device.restarts)
        downCounter = kept.down
    }

    /// What has to be remembered of it.
    var kept: FrameCounters.Kept { FrameCounters.Kept(up: session.counter, down: downCounter) }

    /// A frame for the device, with the next number.
    mutating func frame(_ payload: [UInt8], port: UInt8?, acknowledging: Bool) -> [UInt8] {
        let plain = DataFrame(
            isUplink: false, address: session.address, control: acknowledging ? 0x20 : 0, counter: 0, port: port,
            payload: payload)
        defer { downCounter &+= 1 }
        return keys.frame(plain, counter: downCounter, as: .unconfirmedDown)
    }
}
