internal import GatewayModel
internal import SQLite

extension SegmentReader {
    /// Numbers of the records before which the devices' states were written down, ascending.
    func snapshots() throws(SQLiteError) -> [Int64] {
        try connection.rows("SELECT seq FROM snapshots ORDER BY seq") { $0.int64(0) }
    }

    /// Calls `body` with the state of each device as it was before record `seq`.
    func forEachDevice(in seq: Int64, _ body: (DeviceID, DeviceTable.Entry) -> Bool) throws(SQLiteError) {
        let bytes = try connection.firstRow("SELECT body FROM snapshots WHERE seq = ?", .integer(seq)) { $0.blob(0) }
        guard let bytes else { return }
        // Not one list of all entries: there may be fifty thousand.
        let outcome = bytes.withUnsafeBytes { bytes -> Result<Void, SQLiteError> in
            do throws(SQLiteError) {
                try DeviceSnapshot.read(bytes, before: seq) { number, entry throws(SQLiteError) in
                    guard let device = try device(number) else { return true }
                    return body(device, entry)
                }
                return .success(())
            } catch { return .failure(error) }
        }
        try outcome.get()
    }

    /// Whether the device had sent the sequence of that boot before record `snapshot`.
    func isSeen(
        _ device: DeviceID, _ boot: UInt32, _ seq: UInt32, in snapshot: Int64
    ) throws(SQLiteError) -> Bool {
        var isSeen = false
        try forEachDevice(in: snapshot) { found, entry in
            guard found == device else { return true }
            isSeen = entry.progress.boot > boot || entry.progress.boot == boot && entry.progress.isSeen(seq)
            return false
        }
        return isSeen
    }

    /// Hands out the packed records from the newest to the oldest, while `body` asks for more.
    func scanBack(
        _ body: (UnsafeRawBufferPointer) throws(SQLiteError) -> Bool
    ) throws(SQLiteError) {
        let statement = try connection.prepare("SELECT body FROM records ORDER BY seq DESC")
        while try statement.step() {
            var outcome: Result<Bool, SQLiteError> = .success(false)
            statement.withBlob(0) { bytes in
                do throws(SQLiteError) { outcome = .success(try body(bytes)) } catch { outcome = .failure(error) }
            }
            guard try outcome.get() else { return }
        }
    }

    /// The hash by which intake knows a packed record's message; nil for notes and damaged records.
    func identityHash(_ bytes: UnsafeRawBufferPointer) throws(SQLiteError) -> UInt64? {
        guard let (head, _) = try head(bytes), let name = try deviceName(head.device) else { return nil }
        return identityHash(head, name, bytes)
    }

    func identityHash(_ head: RecordHead, _ device: DeviceName, _ bytes: UnsafeRawBufferPointer) -> UInt64? {
        switch head.identity {
        case .none: return nil
        case .uuid(let high, let low):
            return MessageIdentity.withText(high, low) { IdentityHash.of(device, messageID: $0) }
        case .text(let range):
            return IdentityHash.of(device, messageID: UnsafeRawBufferPointer(rebasing: bytes[range]))
        case .payload(let payload):
            guard let number = head.number, !head.flags.contains(.seqAssigned) else {
                return IdentityHash.of(device, payload: payload)
            }
            return IdentityHash.of(device, seq: number, payload: payload)
        }
    }
}
