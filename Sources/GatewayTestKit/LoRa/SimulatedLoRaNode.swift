public import FieldProtocols

/// A LoRaWAN device activated by personalisation: sends Cayenne LPP, encrypted and signed.
public struct SimulatedLoRaNode {
    public let eui: LoRaEUI
    public let address: UInt32
    public let networkKey: [UInt8]
    public let applicationKey: [UInt8]
    /// The number of the next frame.
    public private(set) var counter: UInt32
    private let keys: SessionKeys
    private var climate = Climate()
    private var random: SeededRandom

    /// Keys and names follow from the seed.
    public init(seed: UInt64, counter: UInt32 = 1) {
        var random = SeededRandom(seed: seed)
        eui = LoRaEUI(random.next())
        address = UInt32(truncatingIfNeeded: random.next())
        networkKey = random.bytes(16)
        applicationKey = random.bytes(16)
        self.counter = counter
        self.random = random
        guard let keys = SessionKeys(network: networkKey, application: applicationKey) else {
            preconditionFailure("keys have sixteen bytes")
        }
        self.keys = keys
    }

    /// Temperature, humidity and pressure of now, as Cayenne LPP.
    public mutating func payload() -> [UInt8] {
        climate.step(using: &random)
        func word(_ value: Float) -> [UInt8] {
            let number = UInt16(bitPattern: Int16(clamping: Int(value)))
            return [UInt8(number >> 8), UInt8(number & 0xFF)]
        }
        return [3, 103] + word(climate.temperature * 10) + [2, 104, UInt8(clamping: Int(climate.humidity * 2))] + [
            1, 115,
        ]
            + word(climate.pressure * 10)
    }

    /// The next frame as it goes over the air.
    public mutating func frame(_ payload: [UInt8], port: UInt8 = 2, isConfirmed: Bool = false) -> [UInt8] {
        let plain = DataFrame(
            isUplink: true, address: address, control: 0x80, counter: 0, port: port, payload: payload)
        defer { counter &+= 1 }
        return keys.frame(plain, counter: counter, as: isConfirmed ? .confirmedUp : .unconfirmedUp)
    }

    /// What a downlink says; nil if it is not for this device or forged. `number` is its 32-bit counter.
    public func read(_ downlink: [UInt8], number: UInt32) -> (port: UInt8?, payload: [UInt8])? {
        guard let phy = try? PHYPayload(downlink), case .data(let frame) = phy.content, !frame.isUplink,  // else: none
            frame.address == address, keys.mic(of: phy.message, frame, counter: number) == phy.mic
        else { return nil }
        return (frame.port, keys.crypt(frame, counter: number))
    }
}
