/// Why compressed bytes cannot be made or read.
public enum CompressionError: String, Error, Sendable {
    /// Not of the expected format, damaged, or cut off.
    case malformed
    /// Would become larger than the caller allows: a bomb, or a wrong limit.
    case tooLarge = "too_large"
    case outOfMemory = "out_of_memory"

    /// Stable snake_case name.
    public var code: String { rawValue }
}
