internal import GatewayModel
internal import SQLite
internal import Synchronization

/// Lends readers of segments to any thread, and keeps a few open for the next caller.
final class ReaderPool: Sendable {
    private static let idleCountMax = 4

    private struct State {
        /// Least recently used first.
        var idle: [SegmentReader] = []
        /// Segments whose readers are not to be kept: they are being sealed, or are gone.
        var retired: Set<String> = []
        var isClosed = false
    }

    /// Corrects the times of what is read.
    let book: ClockBook
    private let state = Mutex(State())

    init(_ book: ClockBook) { self.book = book }

    func withReader<R>(
        of segment: StreamLog.Segment, _ stream: StreamName, _ body: (SegmentReader) throws(SQLiteError) -> R
    ) throws(SQLiteError) -> R {
        let path = segment.file.path
        let idle = state.withLock { state -> SegmentReader? in
            guard let index = state.idle.lastIndex(where: { $0.file.path == path }) else { return nil }
            return state.idle.remove(at: index)
        }
        let reader: SegmentReader
        if let idle {
            reader = idle
        } else {
            reader = try SegmentReader(segment.file, stream, isSealed: segment.isSealed, book)
        }
        let made = try body(reader)
        state.withLock { state in
            guard !state.retired.contains(path), !state.isClosed else { return }
            state.idle.append(reader)
            if state.idle.count > Self.idleCountMax { state.idle.removeFirst() }
        }
        return made
    }

    /// Keeps no reader of this segment until `allow`.
    func retire(_ file: SegmentFile) {
        state.withLock { state in
            state.retired.insert(file.path)
            state.idle.removeAll { $0.file == file }
        }
    }

    func allow(_ file: SegmentFile) { state.withLock { _ = $0.retired.remove(file.path) } }

    func close() {
        state.withLock { state in
            state.isClosed = true
            state.idle.removeAll()
        }
    }
}
