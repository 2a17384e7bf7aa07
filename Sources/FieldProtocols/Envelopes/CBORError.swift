/// Why bytes are not the deterministic CBOR that envelopes are made of.
public struct CBORError: Error, Equatable, Sendable {
    /// What can be wrong with an item.
    public enum Reason: Sendable {
        /// The bytes end inside an item.
        case truncated
        /// Indefinite lengths, longer forms than needed, reserved values, tags.
        case notDeterministic
        /// Another kind of item was expected.
        case unexpectedType
        /// A float, which envelopes never hold.
        case float
        /// A number beyond what the field can hold.
        case outOfRange
        case notUTF8
        case tooDeep
    }

    /// What is wrong with the item.
    public var reason: Reason
    /// Offset of the item in the input.
    public var offset: Int
}
