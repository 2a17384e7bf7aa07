public import GatewayModel
internal import SQLite
internal import Synchronization

extension Journal {
    /// Calls `body` for each reading of a device in the order of storing, until it returns false.
    ///
    /// - Parameters:
    ///   - metric: nil for all.
    ///   - from: milliseconds since 1970, inclusive; `to` exclusive. They bound `ReadingRow.time`.
    ///   - after: only what stands behind this number; `through`: and not behind that one.
    public func readings(
        device: DeviceID, metric: MetricName? = nil, from: Int64 = .min, to: Int64 = .max,
        after: SequenceNumber = .zero, through: SequenceNumber? = nil, _ body: (ReadingRow) -> Bool
    ) throws(JournalError) {
        var filter = ReadingsFilter(device: device, from: from, to: to)
        filter.lastSeq = through?.rawValue ?? .max
        guard after.rawValue < filter.lastSeq else { return }
        filter.firstSeq = after.rawValue + 1
        var segments = state.log(.readings).segments.filter { $0.file.first <= filter.lastSeq }
        // Whole segments that lie before the first number that is wanted.
        while segments.count > 1, segments[1].file.first <= filter.firstSeq { segments.removeFirst() }
        do throws(SQLiteError) {
            for segment in segments {
                let goOn = try state.pool.withReader(of: segment, .readings) { reader throws(SQLiteError) in
                    try reader.read(filter) { record in
                        for reading in record.readings where metric == nil || reading.metric == metric {
                            let row = ReadingRow(
                                seq: record.seq, device: device, time: record.bestTime, reading: reading)
                            guard body(row) else { return false }
                        }
                        return true
                    }
                }
                guard goOn else { return }
            }
        } catch { throw JournalError(error) }
    }

    /// The newest value of each metric of a device, or of all devices, by device and then as the device sends them.
    ///
    /// Covers the last 64 sets of metrics that a device has sent: a metric it has ceased to send may be missing.
    public func latest(device: DeviceID? = nil) throws(JournalError) -> [ReadingRow] {
        let places = state.memory.withLock { memory -> [Int64] in
            if let device { return DeviceName(device).map { memory.devices[$0].latest.seqs } ?? [] }
            var places: [Int64] = []
            memory.devices.forEachKnown { _, entry in places += entry.latest.seqs }
            return places
        }
        var latest: [DeviceID: [ReadingRow]] = [:]
        do throws(SQLiteError) {
            // Ascending, so that the newer value of a metric replaces the older one and segments are opened once.
            for place in places.sorted() {
                guard let (segment, _) = state.log(.readings).segment(holding: place) else { continue }
                try state.pool.withReader(of: segment, .readings) { reader throws(SQLiteError) in
                    try reader.read(at: place) { record in
                        guard let found = record.device else { return }
                        for reading in record.readings {
                            let row = ReadingRow(
                                seq: record.seq, device: found, time: record.bestTime, reading: reading)
                            let known = latest[found, default: []].firstIndex { $0.reading.metric == reading.metric }
                            if let known { latest[found]?[known] = row } else { latest[found, default: []].append(row) }
                        }
                    }
                }
            }
        } catch { throw JournalError(error) }
        return latest.keys.sorted { $0.text < $1.text }.flatMap { latest[$0] ?? [] }
    }

    /// Hands out the newest record of each device of which there is one and which `isWanted`.
    public func newestRecords(
        where isWanted: (DeviceID) -> Bool, _ body: (borrowing StoredRecord) -> Void
    ) throws(JournalError) {
        let newest = state.memory.withLock { memory in
            var newest: [Int64] = []
            memory.devices.forEachKnown { name, entry in
                if isWanted(name.id), let place = entry.latest.newest { newest.append(place) }
            }
            return newest
        }
        do throws(SQLiteError) {
            for place in newest.sorted() {
                guard let (segment, _) = state.log(.readings).segment(holding: place) else { continue }
                try state.pool.withReader(of: segment, .readings) { reader throws(SQLiteError) in
                    try reader.read(at: place) { body($0) }
                }
            }
        } catch { throw JournalError(error) }
    }
}

extension StoredRecord {
    /// When it was measured, as far as can be told.
    var bestTime: Timestamp { .best(device: deviceTime, received: received.wall) }
}
