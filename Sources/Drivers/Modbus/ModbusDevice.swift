public import FieldProtocols
public import GatewayModel

/// One slave of a bus and what is read from it.
public struct ModbusDevice: Sendable {
    public var id: DeviceID
    /// Its address on the bus.
    public var unit: UInt8
    public var map: ModbusMap
    /// The points that commands may write, by their names in the map; empty: none, which is the rule.
    public var writes: Set<String>
    /// What a group's interval is where the site wants another.
    public var interval: Duration?

    public init(id: DeviceID, unit: UInt8, map: ModbusMap, writes: Set<String> = [], interval: Duration? = nil) {
        self.id = id
        self.unit = unit
        self.map = map
        self.writes = writes
        self.interval = interval
        if let interval, !self.map.groups.isEmpty { self.map.groups[0].interval = interval }
    }
}
