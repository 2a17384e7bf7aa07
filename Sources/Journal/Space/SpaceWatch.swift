internal import GatewayModel

/// Sees to it that what comes in finds room: on a full disk the oldest goes first, and the reserve is left to what is rare
/// and important. On the writer's thread.
///
/// Room is made for what comes in, never for what others put on the disk: beyond a few segments the journal gives way to
/// them by one segment a minute at most, and refuses what comes in rather than give up what it holds.
final class SpaceWatch {
    private let shared: JournalState
    private let eviction: Eviction
    private let reserve: SpaceReserve?
    private let folder: String
    private let segmentSize: Int64
    /// Below this size the journal does not go to make room.
    private var floor: Int64
    private var loweredAt: Int64
    private var adjustedAt: Int64

    /// Segments that may go at once.
    private static let slackCount: Int64 = 4
    private static let loweringInterval: Int64 = 60_000

    init(_ shared: JournalState, _ eviction: Eviction) {
        self.shared = shared
        self.eviction = eviction
        reserve = shared.configuration.reserve
        folder = shared.configuration.dataDirectory
        segmentSize = shared.configuration.segmentSize
        floor = shared.logs.values.reduce(0) { $0 + $1.bytes } - Self.slackCount * segmentSize
        loweredAt = shared.clock.now().monotonicMilliseconds
        adjustedAt = loweredAt
    }

    /// Makes room for a commit of about `bytes` to a stream that does not use the reserve.
    ///
    /// - Returns: false if the commit would take what is kept for others.
    func prepare(for bytes: Int64) -> Bool {
        adjustFloor()
        let wanted = margin + 2 * bytes
        while let space = DiskSpace.of(folder) {
            let missing = reserve?.missing ?? 0
            if space.available >= wanted + missing { break }
            guard makeRoom() else { break }
        }
        guard let reserve else { return true }
        return reserve.restore(sparing: min(wanted, 64 << 10))
    }

    /// After a commit of about `bytes` that failed for space the `attempt`-th time: makes room for a multiple of it.
    ///
    /// - Returns: whether any was made. A disk that has room and refuses all the same is not helped by giving up records.
    func relieve(_ bytes: Int64, attempt: Int) -> Bool {
        let wanted = (margin + 2 * bytes) << Int64(attempt)
        var isRelieved = false
        while let space = DiskSpace.of(folder), space.available < wanted, makeRoom() { isRelieved = true }
        return isRelieved
    }

    /// Gives up the reserve for a stream that may use it. Whether there was one.
    func breakReserve() -> Bool { reserve?.release() ?? false }

    /// Takes back the reserve as soon as there is room again.
    func settle() { _ = reserve?.restore(sparing: margin) }

    /// What a commit may need beside its records: their checkpoint, and the beginning of a segment.
    private var margin: Int64 { min(max(segmentSize / 2, 128 << 10), 8 << 20) }

    private func makeRoom() -> Bool {
        guard size > floor else { return false }
        return eviction.makeRoom() != nil
    }

    private var size: Int64 { shared.logs.values.reduce(0) { $0 + $1.bytes } }

    private func adjustFloor() {
        let now = shared.clock.now().monotonicMilliseconds
        // Not at every commit: a large journal has many segments to add up.
        guard now - adjustedAt >= 1_000 else { return }
        adjustedAt = now
        let wanted = size - Self.slackCount * segmentSize
        if wanted > floor {
            floor = wanted
            loweredAt = now
        } else if now - loweredAt >= Self.loweringInterval {
            floor = max(wanted, floor - segmentSize)
            loweredAt = now
        }
    }
}

extension ObservationBatch {
    /// About what the batch takes on disk, rather too much than too little.
    var roughByteCount: Int64 {
        Int64(observations.count) * 64 + Int64(readings.count) * 12 + Int64(bytes.count)
    }
}
