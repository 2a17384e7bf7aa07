/// What a mesh says of a packet that was to be acknowledged (`Routing` in meshtastic/protobufs, mesh.proto).
public struct MeshtasticReceipt: Sendable, Equatable {
    /// The packet that it is about.
    public var packetID: UInt32
    /// Who says it: the receiver itself, or the node on the port, which has heard a neighbour pass the packet on.
    public var sender: UInt32
    /// 0, or why the packet did not arrive.
    public var error: UInt32

    private static let routingPort: UInt32 = 5

    /// Nil if the packet is no receipt, or a damaged one.
    public init?(_ packet: MeshtasticMessage.Packet) {
        guard packet.port == Self.routingPort, packet.requestID != 0 else { return nil }
        // An error of 0 may be left out.
        var error: UInt32? = 0
        let isWhole = packet.payload.withUnsafeBytes { bytes in
            do throws(ProtobufError) {
                var reader = ProtobufReader(bytes)
                while let field = try reader.next() {
                    switch field.number {
                    // Routes that are asked for or found.
                    case 1, 2: error = nil
                    case 3: error = field.varint.flatMap { UInt32(exactly: $0) }
                    default: break
                    }
                }
                return true
            } catch {
                return false
            }
        }
        guard isWhole, let error else { return nil }
        packetID = packet.requestID
        sender = packet.sender
        self.error = error
    }

    /// An error for people; the numbers are those of `Routing.Error`.
    public static func text(of error: UInt32) -> String {
        let texts: [UInt32: String] = [
            1: "no route to the node", 2: "a node on the way refused it", 3: "no answer in time",
            4: "the node on the port has no radio for it", 5: "sent as often as allowed, and never acknowledged",
            6: "no channel for it, or another key", 7: "too long for a packet", 8: "the node has nothing to answer",
            9: "the duty cycle is used up", 32: "the node calls it a bad request", 33: "the node does not allow it",
            34: "it could not be encrypted", 35: "the node does not know our key", 38: "too many packets at once",
            39: "the key of the node is not known",
        ]
        return texts[error] ?? "mesh error \(error)"
    }
}
