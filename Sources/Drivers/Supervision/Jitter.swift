/// Randomness for waits (xorshift64*): cheap, seeded by the composition root, of no use for secrets.
struct Jitter: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Any seed will do.
    init(seed: UInt64) { state = (seed ^ 0x9E37_79B9_7F4A_7C15) | 1 }

    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }
}
