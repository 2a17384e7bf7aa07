/// Why a text is not accepted as JSON.
public enum JSONError: String, Error, Sendable, CaseIterable {
    case malformed = "malformed_json"
    case notUTF8 = "not_utf8"
    case tooDeep = "too_deep"
    case tooLarge = "too_large"
    /// An integer beyond 64 bits, or a number beyond the range of a double.
    case numberOutOfRange = "number_out_of_range"
    case outOfMemory = "out_of_memory"

    /// Stable snake_case name.
    public var code: String { rawValue }
}
