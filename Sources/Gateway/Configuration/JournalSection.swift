import YAMLText

/// `journal`: how records are kept.
public struct JournalSection: Sendable {
    public var segmentSize: Int64
    /// For all streams together.
    public var maxBytes: Int64
    public var linger: Duration

    init(_ section: YAMLSection) {
        segmentSize = section.byteCount("segment_size", in: 262_144...4_294_967_296, default: 64 << 20)
        maxBytes = section.byteCount("max_bytes", in: (4 << 20)...(16 << 40), default: 2 << 30)
        linger = section.duration("linger", in: .zero...(.milliseconds(1_000)), default: .milliseconds(5))
        if maxBytes < 4 * segmentSize {
            section.reject("max_bytes", .conflict, "is less than four segments of \(ByteCountText.text(segmentSize))")
        }
    }
}
