/// A parser that is given damaged bytes: it must neither trap nor take for ever.
struct FuzzTarget: Sendable {
    var name: String
    /// Good inputs; what is fed is made of them.
    var seeds: @Sendable () -> [[UInt8]]
    /// A new parser, called with one input after the other.
    var make: @Sendable () -> (UnsafeRawBufferPointer) -> Void

    /// All there are; each family adds its own file.
    static let all: [FuzzTarget] = boards + conventions + lora + instruments + profiles + network
}
