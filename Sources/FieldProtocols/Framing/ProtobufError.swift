/// Why bytes are no Protocol Buffers message.
public struct ProtobufError: Error, Equatable, Sendable {
    /// What can be wrong with a field.
    public enum Reason: String, Sendable, CaseIterable {
        /// The bytes end inside a field.
        case truncated
        /// A number of more than 64 bits.
        case badVarint = "bad_varint"
        /// Groups, which nobody writes any more, and reserved types.
        case badWireType = "bad_wire_type"
        /// Zero, or beyond 29 bits.
        case badFieldNumber = "bad_field_number"
        /// A text that is not UTF-8, or a field of another type than its number has.
        case badField = "bad_field"
    }

    /// What is wrong, and where in the message that was read.
    public var reason: Reason
    public var offset: Int

    /// Stable snake_case name.
    public var code: String { reason.rawValue }
}
