public import GatewayModel
public import Journal
import YAMLText

/// `journal`: how records are kept.
public struct JournalSection: Sendable {
    public var segmentSize: Int64
    /// For all streams together.
    public var maxBytes: Int64
    public var linger: Duration
    /// What is configured for single streams.
    public var retention: [StreamName: StreamRetention]

    init(_ section: YAMLSection) {
        let given = section.byteCount("segment_size", in: 262_144...4_294_967_296)
        maxBytes = section.byteCount("max_bytes", in: (4 << 20)...(16 << 40), default: 2 << 30)
        segmentSize = given ?? min(64 << 20, max(256 << 10, maxBytes / 16))
        linger = section.duration("linger", in: .zero...(.milliseconds(1_000)), default: .milliseconds(5))
        if maxBytes < 4 * segmentSize {
            section.reject("max_bytes", .conflict, "is less than four segments of \(ByteCountText.text(segmentSize))")
        }
        retention = section.section("streams", Self.streams) ?? [:]
    }

    private static func streams(_ section: YAMLSection) -> [StreamName: StreamRetention] {
        var retention: [StreamName: StreamRetention] = [:]
        for stream in StreamName.allCases {
            retention[stream] = section.section(stream.rawValue) { section in
                let standard = StreamRetention.standard(for: stream)
                return StreamRetention(
                    maxBytes: section.byteCount("max_bytes", in: (1 << 20)...(16 << 40)),
                    maxAge: section.duration("max_age", in: .seconds(3_600)...(.seconds(3_650 * 86_400))),
                    priority: section.integer("priority", in: StreamRetention.priorities, default: standard.priority))
            }
        }
        return retention
    }
}
