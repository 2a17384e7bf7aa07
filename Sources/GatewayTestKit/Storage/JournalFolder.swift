public import GatewayModel
public import Journal
internal import SQLite
internal import Synchronization

/// A data folder with a journal in it, opened as the daemon does it.
public enum JournalFolder {
    private static let epochs = Mutex<UInt64>(0xD15C_0000_0000_0000)

    /// Opens or creates the journal. Segments may be smaller than a configuration permits, so that little work fills many.
    public static func open(
        _ path: String, clock: any Clock, segmentSize: Int64 = 64 << 20, maxBytes: Int64 = 2 << 30
    ) throws -> Journal {
        let state = try Database(path: path + "/state.db")
        try state.migrate(Journal.migrations)
        var configuration = Journal.Configuration(
            dataDirectory: path, boot: "b7e1",
            entropy: {
                epochs.withLock {
                    $0 += 1
                    return $0
                }
            }, maxBytes: maxBytes, linger: .milliseconds(1))
        configuration.segmentSize = segmentSize
        return try Journal.open(configuration, state: state, clock: clock)
    }

    /// Every record of a stream, oldest first.
    public static func records(_ journal: Journal, _ stream: StreamName = .readings) throws -> [StoredRecord] {
        try everything(in: stream, of: journal).records
    }

    /// Every record of a stream, oldest first, and what is missing of it.
    static func everything(
        in stream: StreamName, of journal: Journal
    ) throws -> (records: [StoredRecord], gaps: [StreamGap]) {
        var all: (records: [StoredRecord], gaps: [StreamGap]) = ([], [])
        var after = SequenceNumber.zero
        while true {
            let page = try journal.read(stream, after: after, limit: 1_000)
            all.records += page.records
            all.gaps += page.gaps
            after = page.next
            if !page.more { return all }
        }
    }
}
