internal import Crypto
public import GatewayModel

/// Which device an EUI or an address is: its configured alias, else `lora-` and the EUI.
public struct LoRaNaming: Sendable {
    private var aliases: [LoRaEUI: DeviceName] = [:]
    private var names: [String: DeviceName] = [:]

    public init() {}

    /// Gives a device that tells this EUI its alias.
    public mutating func name(_ eui: LoRaEUI, _ device: DeviceName) { aliases[eui] = device }

    /// Gives a device that a network server calls so its alias; for those that tell no EUI.
    public mutating func name(_ name: String, _ device: DeviceName) { names[name] = device }

    /// The device of an EUI; nil if too many devices are known.
    public func device(_ eui: LoRaEUI) -> DeviceName? { named("lora-", eui) }

    /// The device of a network server's name for it, such as `env-01`; nil if it cannot be one.
    public func device(named name: String) -> DeviceName? { names[name] ?? ForeignName.device("lora-" + name) }

    /// The gateway of an EUI: `lora-gw-` and the EUI unless it has an alias.
    public func gateway(_ eui: LoRaEUI) -> DeviceName? { named("lora-gw-", eui) }

    private func named(_ prefix: StaticString, _ eui: LoRaEUI) -> DeviceName? {
        if !aliases.isEmpty, let alias = aliases[eui] { return alias }
        var name: [UInt8] = []
        name.reserveCapacity(24)
        name.append(contentsOf: UnsafeBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount))
        Hex.append(eui.value, to: &name)
        return name.withUnsafeBufferPointer { DeviceName(utf8: $0) }
    }
}
