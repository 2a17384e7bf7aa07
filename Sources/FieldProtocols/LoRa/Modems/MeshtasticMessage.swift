/// A message of a Meshtastic node to its client (`FromRadio` of meshtastic/protobufs), as far as it is of use here.
public struct MeshtasticMessage: Sendable, Equatable {
    /// A packet of the mesh that the node could decrypt.
    public struct Packet: Sendable, Equatable {
        /// The number of the node that sent it.
        public var sender: UInt32 = 0
        public var id: UInt32 = 0
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
            default: break
            }
        }
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

    /// `ToRadio.packet` with a text to everybody.
    public static func text(_ text: String, id: UInt32) -> [UInt8] {
        var data = ProtobufWriter()
        data.varint(1, 1)
        data.text(2, text)
        var packet = ProtobufWriter()
        packet.fixed32(2, .max)
        packet.bytes(4, data.bytes)
        packet.fixed32(6, id)
        var message = ProtobufWriter()
        message.bytes(1, packet.bytes)
        return message.bytes
    }
}
