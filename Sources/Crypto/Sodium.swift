internal import CSodium

/// libsodium, started: it picks the fastest code for this processor once.
enum Sodium {
    static let isReady: Bool = sodium_init() >= 0
}

/// Comparison whose duration tells nothing about the content.
public enum ConstantTime {
    /// Whether both have the same bytes; their lengths are no secret.
    public static func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && sodium_memcmp(left, right, left.count) == 0
    }
}
