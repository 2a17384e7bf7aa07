internal import GatewayModel
internal import SQLite

/// Turns a segment that will not be written any more into one file that needs no locks to read.
enum SegmentSeal {
    /// Everything in the main file, in rollback mode, durable. Fails with `busy` while anybody reads the segment.
    static func close(_ file: SegmentFile) throws(SQLiteError) {
        Folder.makeWritable(file.path)
        let connection = try Connection(path: file.path, access: .readWrite, busyTimeout: .zero)
        try connection.pragma("synchronous=FULL")
        guard try connection.checkpoint() else {
            throw SQLiteError(.busy, message: "somebody reads \(file.path)")
        }
        guard try connection.pragma("journal_mode=DELETE").text == "delete" else {
            throw SQLiteError(.busy, message: "somebody reads \(file.path)")
        }
    }

    /// Adds the checksums to a segment that is closed, so that a flipped bit in it is noticed. Durable on return.
    static func sum(_ file: SegmentFile) throws(SQLiteError) {
        Folder.makeWritable(file.path)
        defer { Folder.makeReadOnly(file.path) }
        try PageSums.add(to: file.path)
    }

    /// Brings back what the segment was before a sealing that broke off. Does nothing to one that is being sealed.
    static func undo(_ file: SegmentFile) throws(SQLiteError) {
        Folder.makeWritable(file.path)
        let connection = try Connection(path: file.path, access: .readWrite)
        try connection.pragma("schema_version")
    }
}
