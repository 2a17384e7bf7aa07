internal import GatewayModel
internal import SQLite

/// Makes the memory of intake anew from the last snapshot and the records since, and the newest messages.
struct MemoryRebuild {
    private(set) var memory: IntakeMemory
    /// Events that the records read call for, oldest first; the journal has those up to some cause already.
    private(set) var events: [Note] = []
    /// Segments of which a part could not be read.
    private(set) var damaged: [SegmentFile] = []
    private let log: StreamLog
    private let pool: ReaderPool

    /// - Parameter isWhole: whether nothing the stream ever held is missing.
    init(_ log: StreamLog, _ pool: ReaderPool, isWhole: Bool) throws(SQLiteError) {
        self.log = log
        self.pool = pool
        let last = log.last
        let oldest = max(0, last - Int64(IdentityRing.countMax))
        memory = IntakeMemory(isComplete: isWhole && oldest == 0)
        let snapshot = try loadSnapshot()
        memory.devices.begin()
        var position = min(oldest, snapshot - 1)
        while position < last, let (segment, following) = log.segment(holding: position + 1) {
            do throws(SQLiteError) {
                try scan(segment, after: position, snapshot: snapshot, oldest: oldest)
            } catch {
                // What cannot be read cannot be remembered; whoever reads there is told.
                guard error.code == .corrupt else { throw error }
                memory.forgetCompleteness()
                damaged.append(segment.file)
            }
            guard let following else { break }
            position = following - 1
        }
        memory.devices.begin()
    }

    private mutating func scan(
        _ segment: StreamLog.Segment, after position: Int64, snapshot: Int64, oldest: Int64
    ) throws(SQLiteError) {
        try pool.withReader(of: segment, .readings) { reader throws(SQLiteError) in
            try reader.scan(after: position) { seq, bytes throws(SQLiteError) in
                try take(seq, bytes, reader, isOlderThanSnapshot: seq < snapshot, isNewest: seq > oldest)
                return true
            }
        }
    }

    /// - Returns: the number of the first record it does not know; 1 if there is none.
    private mutating func loadSnapshot() throws(SQLiteError) -> Int64 {
        for segment in log.segments.reversed() {
            var devices: [(DeviceID, DeviceTable.Entry)] = []
            var found: Int64?
            do throws(SQLiteError) {
                found = try pool.withReader(of: segment, .readings) { reader throws(SQLiteError) -> Int64? in
                    guard let snapshot = try reader.snapshots().last else { return nil }
                    try reader.forEachDevice(in: snapshot) { device, entry in
                        devices.append((device, entry))
                        return true
                    }
                    return snapshot
                }
            } catch { guard error.code == .corrupt else { throw error } }
            guard let found else { continue }
            for (device, entry) in devices {
                if let name = DeviceName(device) { memory.devices.update(name) { $0 = entry } }
            }
            return found
        }
        return 1
    }

    private mutating func take(
        _ seq: Int64, _ bytes: UnsafeRawBufferPointer, _ reader: SegmentReader, isOlderThanSnapshot: Bool,
        isNewest: Bool
    ) throws(SQLiteError) {
        guard let (head, offset) = try reader.head(bytes), let device = try reader.deviceName(head.device) else {
            return
        }
        if isNewest, let hash = reader.identityHash(head, device, bytes) { memory.remember(hash) }
        guard !isOlderThanSnapshot else { return }
        var progress = memory.devices[device].progress
        let number = head.flags.contains(.seqAssigned) ? nil : head.number
        if head.flags.contains(.newBoot) {
            let reason = reason(head, number, progress)
            progress.beginBoot()
            progress.boot = head.deviceBoot
            events.append(.deviceBoot(device.id, head.deviceBoot, reason, number, head.received, cause: seq))
        }
        if let number {
            let missing = progress.take(number, after: head.heard)
            if head.flags.contains(.gapBefore) {
                for hole in missing {
                    events.append(.sequenceGap(device.id, head.deviceBoot, hole, head.received, cause: seq))
                }
            }
        } else if let assigned = head.number {
            progress.assigned = max(progress.assigned, assigned)
        }
        progress.note(uptime: head.uptime)
        let layout = try reader.layout(bytes, at: offset)
        memory.devices.update(device) { entry in
            entry.progress = progress
            entry.latest.note(seq, layout: layout)
        }
    }

    /// Why the record was taken for a new boot, judged again as it was then.
    private func reason(
        _ head: RecordHead, _ number: UInt32?, _ progress: DeviceProgress
    ) -> SequenceVerdict.BootReason {
        let verdict = progress.verdict(seq: number ?? 0, uptime: head.uptime, isAnnounced: false)
        if case .newBoot(let reason) = verdict { return reason }
        return .announced
    }
}
