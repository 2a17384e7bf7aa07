internal import GatewayModel
internal import SQLite

/// Puts what can be saved of a damaged segment in its place, and the segment itself aside.
///
/// Whatever breaks it off, the segment is whole where it was, or set aside and its replacement complete under another
/// name, which `finish` takes up.
enum SegmentRepair {
    private static let suffix = ".salvaged"

    /// Durable on return.
    ///
    /// - Parameter end: the highest number that can belong to the segment.
    /// - Returns: where the damaged file is now, and what is kept; nothing is where not even a part could be read.
    static func run(
        _ file: SegmentFile, _ stream: StreamName, through end: Int64, damagedFolder: String
    ) throws(SQLiteError) -> (path: String, kept: SegmentSalvage.Kept?) {
        let replacement = file.path + suffix
        Folder.remove(replacement)
        Folder.remove(replacement + "-journal")
        var kept: SegmentSalvage.Kept?
        if var salvage = SegmentSalvage(file, stream) {
            kept = try salvage.write(to: replacement, through: end)
            if kept?.count == 0 {
                Folder.remove(replacement)
                kept = nil
            } else {
                try PageSums.add(to: replacement)
            }
        }
        do throws(JournalError) {
            let path = try file.setAside(in: damagedFolder, stream: stream.rawValue)
            if kept != nil { try Folder.rename(replacement, to: file.path) }
            try Folder.sync(file.folder)
            if kept != nil { Folder.makeReadOnly(file.path) }
            return (path, kept)
        } catch { throw error.asSQLite }
    }

    /// Takes up replacements whose repair was broken off.
    static func finish(in folder: String) throws(JournalError) {
        for name in Folder.names(in: folder) where name.hasSuffix(suffix) {
            let replacement = folder + "/" + name
            let path = String(replacement.dropLast(suffix.utf8.count))
            if Folder.size(of: path) == nil {
                // The log of the damaged segment, which the replacement has taken in.
                for rest in ["-wal", "-journal", "-shm"] { Folder.remove(path + rest) }
                try Folder.rename(replacement, to: path)
                try Folder.sync(folder)
            } else {
                Folder.remove(replacement)
            }
        }
    }
}
