internal import GatewayModel

/// How far a device's own numbering has got in its present boot, and what is missing of it.
struct DeviceProgress: Equatable {
    /// Counts the boots of the device as the gateway saw them.
    var boot: UInt32 = 0
    /// The gateway's count for a device that sends no sequence: the last number given out.
    var assigned: UInt32 = 0
    var hasNumbers = false
    /// Lowest and highest sequence of this boot.
    var low: UInt32 = 0
    var high: UInt32 = 0
    /// The device's uptime, in hundredths of a second, with its first and its latest message of this boot; nil while it
    /// told none.
    var uptimeAtFirst: UInt32?
    var uptime: UInt32?
    /// Sequences between `low` and `high` that have not come, ascending.
    var holes: [Hole] = []

    struct Hole: Equatable {
        var low: UInt32
        var high: UInt32
    }

    /// Holes remembered for a device. A forgotten hole makes a late message look repeated: it is looked up on disk, and
    /// stored with a flag if it is not there.
    static let holeCountMax = 16
    /// A sequence that falls by more than can be in flight belongs to a new boot.
    static let fallMax: UInt32 = 5_000
    /// Between two messages in order the uptime may seem to fall a little, when a board reads it at different moments.
    private static let uptimeTolerance: UInt32 = 100
    /// 2^32 milliseconds, 49.7 days: a fall from there to nearly zero is the wrap of the board's counter.
    private static let uptimeWrap: UInt32 = 429_496_730
    private static let uptimeNearWrap: UInt32 = 60_000

    func isSeen(_ seq: UInt32) -> Bool {
        guard hasNumbers, seq >= low, seq <= high else { return false }
        return !holes.contains { $0.low <= seq && seq <= $0.high }
    }

    func isInHole(_ seq: UInt32) -> Bool { hasNumbers && seq > low && seq < high && !isSeen(seq) }

    /// Whether the device's uptime has been set back since its latest message, as only a boot does.
    func isUptimeFallen(to now: UInt32?, tolerant: Bool) -> Bool {
        guard let now, let uptime, now < uptime, !tolerant || uptime - now > Self.uptimeTolerance else { return false }
        return !isUptimeWrapped(to: now)
    }

    private func isUptimeWrapped(to now: UInt32) -> Bool {
        guard let uptime, uptime <= Self.uptimeWrap else { return false }
        return uptime > Self.uptimeWrap - Self.uptimeNearWrap && now < Self.uptimeNearWrap
    }

    /// Takes note of a sequence beyond the highest.
    ///
    /// - Returns: how many are missing before it.
    mutating func advance(to seq: UInt32) -> UInt32 {
        guard hasNumbers else {
            hasNumbers = true
            low = seq
            high = seq
            return 0
        }
        let missing = seq - high - 1
        if missing > 0 {
            if holes.count == Self.holeCountMax { holes.removeFirst() }
            holes.append(Hole(low: high + 1, high: seq - 1))
        }
        high = seq
        return missing
    }

    /// Takes note of a late sequence.
    mutating func fill(_ seq: UInt32) {
        if seq < low {
            if low - seq > 1 {
                if holes.count == Self.holeCountMax { holes.removeFirst() }
                holes.insert(Hole(low: seq + 1, high: low - 1), at: 0)
            }
            low = seq
            return
        }
        guard let index = holes.firstIndex(where: { $0.low <= seq && seq <= $0.high }) else { return }
        let hole = holes[index]
        switch (hole.low == seq, hole.high == seq) {
        case (true, true): holes.remove(at: index)
        case (true, false): holes[index].low = seq + 1
        case (false, true): holes[index].high = seq - 1
        case (false, false):
            holes[index].high = seq - 1
            holes.insert(Hole(low: seq + 1, high: hole.high), at: index + 1)
            if holes.count > Self.holeCountMax { holes.removeFirst() }
        }
    }

    mutating func beginBoot() {
        boot &+= 1
        hasNumbers = false
        holes.removeAll()
        uptimeAtFirst = nil
        uptime = nil
    }

    mutating func note(uptime now: UInt32?) {
        guard let now else { return }
        if uptimeAtFirst == nil { uptimeAtFirst = now }
        uptime = isUptimeWrapped(to: now) ? now : max(uptime ?? 0, now)
    }
}
