/// A message of a Meshtastic node to its client (`FromRadio` of meshtastic/protobufs), as far as it is of use here.
public struct MeshtasticMessage: Sendable {
    /// A packet of the mesh that the node could decrypt.
    public struct Packet: Sendable, Equatable {
        /// The number of the node that sent it.
        public var sender: UInt32 = 0
        public var id: UInt32 = 0
        /// The packet that this one answers; 0 if none.
        public var requestID: UInt32 = 0
        /// 1 text, 3 position, 67 telemetry …; nil if the packet is encrypted for others.
        public var port: UInt32?
        public var payload: [UInt8] = []
        /// Seconds since 1970 by the node's clock; 0 if it has none.
        public var receivedAt: UInt32 = 0
        public var rssi: Int32?
        public var snr: Float?
    }

    /// The packet in it; most messages have none.
    public var packet: Packet?
    /// The number of the node itself, as it tells when a client begins.
    public var ownNumber: UInt32?
    /// What the node says of a packet that it was given: 0, or why it does not send it.
    public var queued: (id: UInt32, error: UInt32)?
    /// The node has started anew and wants to be asked again.
    public var hasRebooted = false

    /// Reads one message; fields that are not known are passed over.
    public init(_ bytes: UnsafeRawBufferPointer) throws(LoRaError) {
        do throws(ProtobufError) {
            var reader = ProtobufReader(bytes)
            while let field = try reader.next() {
                switch field.number {
                case 2: if let content = field.bytes { packet = try Self.packet(content) }
                case 3: if let content = field.bytes { ownNumber = try Self.number(content) }
                case 8: hasRebooted = field.varint == 1
                case 11: if let content = field.bytes { queued = try Self.queued(content) }
                default: break
                }
            }
        } catch {
            throw LoRaError(.malformedFrame, at: error.offset)
        }
    }

    private static func packet(_ bytes: UnsafeRawBufferPointer) throws(ProtobufError) -> Packet {
        var packet = Packet()
        var reader = ProtobufReader(bytes)
        while let field = try reader.next() {
            switch field.number {
            case 1: packet.sender = field.fixed32 ?? UInt32(truncatingIfNeeded: field.varint ?? 0)
            case 4: if let content = field.bytes { try data(content, &packet) }
            case 6: packet.id = field.fixed32 ?? UInt32(truncatingIfNeeded: field.varint ?? 0)
            case 7: packet.receivedAt = field.fixed32 ?? 0
            case 8: packet.snr = field.fixed32.map { Float(bitPattern: $0) }.flatMap { $0.isFinite ? $0 : nil }
            case 12: packet.rssi = field.varint.map { Int32(truncatingIfNeeded: $0) }
            default: break
            }
        }
        return packet
    }

    private static func data(_ bytes: UnsafeRawBufferPointer, _ packet: inout Packet) throws(ProtobufError) {
        // The port is left out when it is 0.
        packet.port = 0
        var reader = ProtobufReader(bytes)
        while let field = try reader.next() {
            switch field.number {
            case 1: packet.port = field.varint.flatMap { UInt32(exactly: $0) }
            case 2: if let content = field.bytes { packet.payload = Array(content) }
            case 6: packet.requestID = field.fixed32 ?? 0
            default: break
            }
        }
    }

    /// `QueueStatus.mesh_packet_id` and `res`.
    private static func queued(_ bytes: UnsafeRawBufferPointer) throws(ProtobufError) -> (id: UInt32, error: UInt32) {
        var status: (id: UInt32, error: UInt32) = (0, 0)
        var reader = ProtobufReader(bytes)
        while let field = try reader.next() {
            switch field.number {
            case 1: status.error = UInt32(truncatingIfNeeded: field.varint ?? 0)
            case 4: status.id = UInt32(truncatingIfNeeded: field.varint ?? 0)
            default: break
            }
        }
        return status
    }

    /// `MyNodeInfo.my_node_num`.
    private static func number(_ bytes: UnsafeRawBufferPointer) throws(ProtobufError) -> UInt32? {
        var reader = ProtobufReader(bytes)
        while let field = try reader.next() {
            if field.number == 1 { return field.varint.flatMap { UInt32(exactly: $0) } }
        }
        return nil
    }

    /// `ToRadio.want_config_id`: a node sends nothing to a client that has not asked.
    public static func wantConfiguration(id: UInt32) -> [UInt8] {
        var writer = ProtobufWriter()
        writer.varint(3, UInt64(id))
        return writer.bytes
    }

    /// `ToRadio.packet` with a text to everybody, or to one node, which then acknowledges it.
    public static func text(_ text: String, id: UInt32, to node: UInt32? = nil) -> [UInt8] {
        var data = ProtobufWriter()
        data.varint(1, 1)
        data.text(2, text)
        var packet = ProtobufWriter()
        packet.fixed32(2, node ?? .max)
        packet.bytes(4, data.bytes)
        packet.fixed32(6, id)
        if node != nil { packet.varint(10, 1) }
        var message = ProtobufWriter()
        message.bytes(1, packet.bytes)
        return message.bytes
    }
}
