import FieldProtocols

/// When a board is spoken to in words: one that says nothing anybody knows, and one that says its JSON only when it is
/// told to (g5; reference, section 2.1). The words are those that the website sends to every board.
struct BoardWakening {
    /// A board that speaks frames has answered HELLO long before, one that speaks lines has mostly said some.
    static let silenceMilliseconds: Int64 = 4_000
    /// From the ROM's text until the firmware reads its port.
    static let bootMilliseconds: Int64 = 3_000
    private static let againMilliseconds: Int64 = 30_000
    private static let attemptMax = 3

    /// When the words are to be sent (milliseconds of the monotonic clock); nil while there is no reason.
    private(set) var due: Int64?
    private var attempts = 0
    private var generation: LineGeneration?

    mutating func opened(_ now: Int64) {
        attempts = 0
        due = now + Self.silenceMilliseconds
    }

    /// The board starts anew, and in its usual mode.
    mutating func booted(_ now: Int64) {
        if generation == .g5 { due = now + Self.bootMilliseconds }
    }

    /// Bytes were decoded; `generation` is who speaks by then.
    mutating func heard(_ generation: LineGeneration?, _ now: Int64) {
        guard let generation, generation != self.generation else { return }
        self.generation = generation
        // What has been asked for in vain before it was known is asked for once more.
        due = generation == .g5 ? now + Self.bootMilliseconds : nil
    }

    /// The words, if they are due.
    mutating func words(_ now: Int64) -> [UInt8]? {
        guard let due, now >= due else { return nil }
        attempts += 1
        self.due = generation == nil && attempts < Self.attemptMax ? now + Self.againMilliseconds : nil
        // What stands in its line buffer, our HELLO, is ended first.
        return Array("\nmode machine\nstatus\n".utf8)
    }
}
