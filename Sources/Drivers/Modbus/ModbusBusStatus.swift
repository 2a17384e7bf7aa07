public import GatewayModel

/// One bus and its slaves, as status and metrics show them.
public struct ModbusBusStatus: Sendable {
    /// One slave.
    public struct Slave: Sendable, Equatable {
        public var device: DeviceID
        public var unit: UInt8
        /// Whether it answered last.
        public var isAnswering = false
        /// Requests that were answered, and those that were not or were refused.
        public var answered = 0
        public var failed = 0
        /// The stable name of the last failure; nil while there is none.
        public var lastError: String?
        /// The same for people.
        public var lastReason: String?
    }

    /// Where it is, how it does, and who is on it.
    public var endpoint: String
    public var isSerial: Bool
    public var condition: DriverCondition
    public var slaves: [Slave]

    init(_ configuration: ModbusBus.Configuration) {
        endpoint = configuration.endpoint.text
        isSerial = if case .serial = configuration.endpoint { true } else { false }
        condition = .degraded("not started yet")
        slaves = configuration.devices.map { Slave(device: $0.id, unit: $0.unit) }
    }
}
