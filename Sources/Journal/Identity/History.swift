internal import GatewayModel
internal import SQLite

/// Looks messages up on disk when memory cannot decide, with bounded work for each transaction. On the writer's thread.
///
/// The snapshots of the devices' states tell when a sequence was first seen: between the last snapshot that does not
/// have it and the first one that has. Only the records of that stretch, some 32,000, are read.
final class History {
    private struct Stretch {
        /// Number of the record before which the snapshot at its start was taken.
        var after: Int64
        /// Ascending.
        var hashes: [UInt64]

        func holds(_ hash: UInt64) -> Bool {
            var low = 0
            var high = hashes.count
            while low < high {
                let middle = (low + high) / 2
                if hashes[middle] < hash { low = middle + 1 } else { high = middle }
            }
            return low < hashes.count && hashes[low] == hash
        }
    }

    private let log: StreamLog
    private let pool: ReaderPool
    /// The stretches read last, newest first.
    private var stretches: [Stretch] = []
    private var lookupsLeft = 0
    private var readsLeft = 0

    private static let stretchCountMax = 2
    private static let lookupCountMax = 256
    private static let readCountMax = 8

    init(_ log: StreamLog, _ pool: ReaderPool) {
        self.log = log
        self.pool = pool
    }

    /// Refills the allowance.
    func begin() {
        lookupsLeft = Self.lookupCountMax
        readsLeft = Self.readCountMax
    }

    /// Whether the message is among those stored. False also when the allowance is used up or the disk cannot be read:
    /// then it is stored, perhaps again, and flagged.
    func holds(_ hash: UInt64, _ device: DeviceName, _ boot: UInt32, _ seq: UInt32) -> Bool {
        if stretches.contains(where: { $0.holds(hash) }) { return true }
        guard lookupsLeft > 0 else { return false }
        lookupsLeft -= 1
        // A segment that cannot be read cannot tell a duplicate: the message is stored.
        guard let snapshot = try? snapshot(holding: device, boot, seq) else { return false }
        if stretches.contains(where: { $0.after == snapshot.after }) { return false }
        guard readsLeft > 0 else { return false }
        readsLeft -= 1
        // As above: what cannot be read tells nothing.
        guard let stretch = try? read(after: snapshot.after, through: snapshot.through) else { return false }
        stretches.insert(stretch, at: 0)
        if stretches.count > Self.stretchCountMax { stretches.removeLast() }
        return stretch.holds(hash)
    }

    func writeSnapshot(of memory: IntakeMemory, to segment: SegmentWriter, before seq: Int64) throws(SQLiteError) {
        var bytes: [UInt8] = []
        try memory.devices.forEachKnown { device, entry throws(SQLiteError) in
            DeviceSnapshot.append(try segment.number(of: device), entry, before: seq, to: &bytes)
        }
        try segment.connection.run("INSERT OR REPLACE INTO snapshots VALUES (?, ?)", .integer(seq), .blob(bytes))
        segment.recordsSinceSnapshot = 0
    }

    /// The stretch in which the sequence was first seen.
    private func snapshot(
        holding device: DeviceName, _ boot: UInt32, _ seq: UInt32
    ) throws(SQLiteError) -> (after: Int64, through: Int64) {
        let segments = log.segments
        var through = log.last
        // Newest first: what is asked for is usually not old, and most segments are skipped by one look at their first.
        for segment in segments.reversed() {
            let found = try pool.withReader(of: segment, .readings) { reader throws(SQLiteError) -> (Int64, Bool)? in
                let wanted = device.id
                for snapshot in try reader.snapshots().reversed() {
                    guard try reader.isSeen(wanted, boot, seq, in: snapshot) else { return (snapshot, true) }
                    through = snapshot - 1
                }
                return nil
            }
            if let found { return (found.0 - 1, through) }
        }
        return ((segments.first?.file.first ?? 1) - 1, through)
    }

    private func read(after: Int64, through: Int64) throws(SQLiteError) -> Stretch {
        var hashes: [UInt64] = []
        var position = after
        while position < through, let (segment, following) = log.segment(holding: position + 1) {
            try pool.withReader(of: segment, .readings) { reader throws(SQLiteError) in
                try reader.scan(after: position, limit: Int(clamping: through - position)) {
                    seq, bytes throws(SQLiteError) in
                    if let hash = try reader.identityHash(bytes) { hashes.append(hash) }
                    return seq < through
                }
            }
            guard let following else { break }
            position = following - 1
        }
        return Stretch(after: after, hashes: hashes.sorted())
    }

    /// What it keeps in memory.
    var byteCount: Int { stretches.reduce(0) { $0 + $1.hashes.capacity * MemoryLayout<UInt64>.stride } }
}
