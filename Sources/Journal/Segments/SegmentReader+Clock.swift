internal import GatewayModel
internal import SQLite

extension SegmentReader {
    /// How far a device's clock may run ahead of ours.
    private static let deviceLeadMax: Int64 = 300_000

    /// Marks what was received under a clock that could not be believed, and gives it its right time if that has become
    /// known since.
    func correct(_ head: inout RecordHead) {
        guard !head.received.wall.trusted else { return }
        guard let offset = offset(ofBoot: Int(head.gatewayBoot)) else {
            head.flags.insert(.clockUntrusted)
            return
        }
        head.flags.remove(.clockUntrusted)
        head.flags.insert(.clockCorrected)
        let time = head.received.monotonicMilliseconds &+ offset
        head.received.wall = Timestamp(milliseconds: time, trusted: true)
        // Nobody could tell at intake that the device was ahead of time.
        if let deviceTime = head.deviceTime, deviceTime.milliseconds > time &+ Self.deviceLeadMax {
            head.deviceTime?.trusted = false
        }
    }

    /// The first record of a boot whose time could not be believed when it was stored.
    func firstUntrusted(ofBoot boot: String) throws(SQLiteError) -> Int64? {
        guard let number = try number(ofBoot: boot) else { return nil }
        var found: Int64?
        try scan(after: .min) { seq, bytes throws(SQLiteError) in
            guard let (head, _) = try head(bytes), head.gatewayBoot == number,
                !head.flags.isDisjoint(with: [.clockUntrusted, .clockCorrected])
            else { return true }
            found = seq
            return false
        }
        return found
    }
}
