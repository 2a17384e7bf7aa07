internal import GatewayModel

/// Opens the journal on a disk that has no room even for that.
enum OpeningRelief {
    private static let attemptCountMax = 12
    /// What opening may need.
    private static let roomMin: Int64 = 1 << 20
    /// The streams that give way, the least important first.
    private static let streams: [StreamName] = [.logs, .readings]

    /// Runs `open`; as long as it fails for space, gives up the reserve, then the oldest segments. Those are entered in the
    /// ledger by the attempt that succeeds.
    static func run<R>(
        _ configuration: Journal.Configuration, _ open: () throws(JournalError) -> R
    ) throws(JournalError) -> R {
        var attempt = 0
        while true {
            do throws(JournalError) { return try open() } catch {
                attempt += 1
                guard case .full = error, attempt < attemptCountMax else { throw error }
                guard
                    configuration.reserve?.release() == true
                        || isFull(configuration.dataDirectory)
                            && dropOldest(configuration.dataDirectory)
                else { throw error }
            }
        }
    }

    /// A disk that has room and refuses all the same is not helped by giving up records.
    private static func isFull(_ dataDirectory: String) -> Bool {
        DiskSpace.of(dataDirectory).map { $0.available < roomMin } ?? false
    }

    /// Unlinks the oldest segment of the least important stream that has more than one.
    private static func dropOldest(_ dataDirectory: String) -> Bool {
        for stream in streams {
            let segments = SegmentFile.all(in: StreamLog(stream, dataDirectory: dataDirectory).folder)
            guard segments.count > 1, let oldest = segments.first else { continue }
            oldest.remove()
            return true
        }
        return false
    }
}
