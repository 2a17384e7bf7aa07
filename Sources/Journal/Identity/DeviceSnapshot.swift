internal import GatewayModel

/// The devices' states packed into a segment now and then, so that opening the journal reads only what came after.
enum DeviceSnapshot {
    private static let hasNumbers: UInt8 = 1
    private static let hasUptime: UInt8 = 2
    private static let hasFirstUptime: UInt8 = 4
    private static let hasFurther: UInt8 = 8

    /// - Parameter number: the segment's number of a device.
    static func append(
        _ device: UInt32, _ entry: DeviceTable.Entry, before seq: Int64, to bytes: inout [UInt8]
    ) {
        let progress = entry.progress
        var flags: UInt8 = 0
        if progress.hasNumbers { flags |= hasNumbers }
        if progress.uptime != nil { flags |= hasUptime }
        if progress.uptimeAtFirst != nil { flags |= hasFirstUptime }
        let further = entry.latest.further
        if !further.isEmpty { flags |= hasFurther }
        bytes.appendVarint(device)
        bytes.append(flags)
        bytes.appendVarint(progress.boot)
        bytes.appendVarint(progress.assigned)
        if progress.hasNumbers {
            bytes.appendVarint(progress.low)
            bytes.appendVarint(progress.high &- progress.low)
            bytes.appendVarint(UInt64(progress.holes.count))
            for hole in progress.holes {
                bytes.appendVarint(hole.low &- progress.low)
                bytes.appendVarint(hole.high &- hole.low)
            }
        }
        if let uptime = progress.uptime { bytes.appendVarint(uptime) }
        if let uptime = progress.uptimeAtFirst { bytes.appendVarint(uptime) }
        for index in 0..<LatestRecords.nearCount {
            let latest = entry.latest.near[index].seq
            bytes.appendVarint(latest == 0 ? 0 : UInt64(clamping: seq - latest))
        }
        guard !further.isEmpty else { return }
        bytes.appendVarint(UInt64(further.count))
        for place in further { bytes.appendVarint(UInt64(clamping: seq - place.seq)) }
    }

    /// Calls `body` for each device until it returns false.
    static func read<E: Error>(
        _ bytes: UnsafeRawBufferPointer, before seq: Int64, _ body: (UInt32, DeviceTable.Entry) throws(E) -> Bool
    ) throws(E) {
        var reader = ByteReader(bytes)
        while !reader.isAtEnd {
            let device = reader.varint32()
            let flags = reader.byte()
            var entry = DeviceTable.Entry(isKnown: true)
            entry.progress.boot = reader.varint32()
            entry.progress.assigned = reader.varint32()
            if flags & hasNumbers != 0 {
                entry.progress.hasNumbers = true
                entry.progress.low = reader.varint32()
                entry.progress.high = entry.progress.low &+ reader.varint32()
                for _ in 0..<min(reader.varint(), UInt64(DeviceProgress.holeCountMax)) {
                    let low = entry.progress.low &+ reader.varint32()
                    entry.progress.holes.append(DeviceProgress.Hole(low: low, high: low &+ reader.varint32()))
                }
            }
            if flags & hasUptime != 0 { entry.progress.uptime = reader.varint32() }
            if flags & hasFirstUptime != 0 { entry.progress.uptimeAtFirst = reader.varint32() }
            var backs = (0..<LatestRecords.nearCount).map { _ in Int64(clamping: reader.varint()) }
            if flags & hasFurther != 0 {
                for _ in 0..<min(reader.varint(), UInt64(LatestRecords.furtherCountMax)) {
                    backs.append(Int64(clamping: reader.varint()))
                }
            }
            for (index, back) in backs.enumerated() where back > 0 && back < seq {
                // Any layouts that differ from each other.
                entry.latest.note(seq - back, layout: UInt16(1 + index))
            }
            guard !reader.isBroken, try body(device, entry) else { return }
        }
    }
}
