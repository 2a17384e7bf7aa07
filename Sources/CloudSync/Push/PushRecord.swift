package import GatewayModel

extension PushMachine {
    /// A record as far as delivery cares.
    package struct Record: Sendable, Equatable {
        var seq: SequenceNumber
        var device: DeviceID?
        /// The same for the same device at every start.
        var deviceHash: UInt64
        /// Rendered, before compression.
        var byteCount: Int
        /// Why it cannot be sent at all, if it cannot: it is kept as refused.
        var obstacle: String?

        package init(seq: SequenceNumber, device: DeviceID?, byteCount: Int = 0, obstacle: String? = nil) {
            self.seq = seq
            self.device = device
            self.byteCount = byteCount
            self.obstacle = obstacle
            guard var text = device?.text else {
                deviceHash = 0
                return
            }
            deviceHash = text.withUTF8 { PayloadHash.of(UnsafeRawBufferPointer($0)) }
        }
    }

    /// A stream as the machine is given it.
    package struct Stream {
        var name: StreamName
        /// The durable cursor.
        var cursor: SequenceNumber
        /// Batches that were under way when the process ended.
        var seals: [BatchSeal] = []
        /// Overtakes the others, waits for no batch to fill, and is one lane: its order holds across devices.
        var isUrgent = false

        package init(_ name: StreamName, from cursor: SequenceNumber, seals: [BatchSeal] = []) {
            self.name = name
            self.cursor = cursor
            self.seals = seals
            isUrgent = name.isUrgent
        }
    }
}

extension StreamName {
    /// Alarms, what people did, and what they are waiting for.
    var isUrgent: Bool {
        switch self {
        case .events, .audit, .tasks: true
        case .readings, .logs: false
        }
    }

    /// Streams with a lower number are served first.
    var deliveryRank: Int {
        switch self {
        case .audit: 0
        case .events: 1
        case .tasks: 2
        case .readings: 3
        case .logs: 4
        }
    }
}
