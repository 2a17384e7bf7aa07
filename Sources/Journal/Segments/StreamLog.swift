internal import GatewayModel
internal import Synchronization

/// The segments of one stream, as all threads see them.
final class StreamLog: Sendable {
    struct Segment: Sendable, Equatable {
        var file: SegmentFile
        var isSealed: Bool
        var bytes: Int64
    }

    private struct State {
        /// Oldest first. The last one is being written, if any is.
        var segments: [Segment] = []
        /// The newest durable record.
        var last: Int64 = 0
        var suspect: (file: SegmentFile, reason: String)?
    }

    let stream: StreamName
    let folder: String
    private let state = Mutex(State())

    init(_ stream: StreamName, dataDirectory: String) {
        self.stream = stream
        folder = "\(dataDirectory)/journal/\(stream.rawValue)"
    }

    var segments: [Segment] { state.withLock { $0.segments } }
    var last: Int64 { state.withLock { $0.last } }

    /// The oldest record there can be; one beyond the last if there is none.
    var first: Int64 { state.withLock { min($0.segments.first?.file.first ?? .max, $0.last + 1) } }

    var bytes: Int64 { state.withLock { $0.segments.reduce(0) { $0 + $1.bytes } } }

    func replace(_ segments: [Segment], last: Int64) {
        state.withLock {
            $0.segments = segments
            $0.last = last
        }
    }

    func publish(last: Int64, bytes: Int64) {
        state.withLock {
            $0.last = last
            if !$0.segments.isEmpty { $0.segments[$0.segments.count - 1].bytes = bytes }
        }
    }

    func begin(_ file: SegmentFile) {
        state.withLock { $0.segments.append(Segment(file: file, isSealed: false, bytes: 0)) }
    }

    /// The newest segment has turned out to be damaged: the writer is to leave it and have it repaired.
    func suspect(_ file: SegmentFile, reason: String) { state.withLock { $0.suspect = (file, reason) } }

    /// The suspected segment; asked once.
    func takeSuspect() -> (file: SegmentFile, reason: String)? {
        state.withLock { state in
            defer { state.suspect = nil }
            return state.suspect
        }
    }

    /// The segment exists no longer, or never came to be.
    func drop(_ file: SegmentFile) { state.withLock { $0.segments.removeAll { $0.file == file } } }

    /// Whether the segment has not been evicted.
    func holds(_ file: SegmentFile) -> Bool { state.withLock { $0.segments.contains { $0.file == file } } }

    func update(_ file: SegmentFile, isSealed: Bool) {
        let bytes = file.bytes
        state.withLock {
            guard let index = $0.segments.firstIndex(where: { $0.file == file }) else { return }
            $0.segments[index].isSealed = isSealed
            $0.segments[index].bytes = bytes
        }
    }

    /// The segment that holds `seq`, or the next one after it; and the first number of the one after that.
    func segment(holding seq: Int64) -> (segment: Segment, following: Int64?)? {
        state.withLock { state in
            guard !state.segments.isEmpty else { return nil }
            var low = 0
            var high = state.segments.count - 1
            while low < high {
                let middle = (low + high + 1) / 2
                if state.segments[middle].file.first <= seq { low = middle } else { high = middle - 1 }
            }
            let following = low + 1 < state.segments.count ? state.segments[low + 1].file.first : nil
            return (state.segments[low], following)
        }
    }
}
