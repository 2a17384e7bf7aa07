import FieldProtocols
import GatewayModel
import Journal

/// One page of a stream as lines of JSON.
struct PullPage {
    var lines: [UInt8]
    /// Where to read on.
    var next: SequenceNumber
    var more: Bool
    var isEmpty: Bool { lines.isEmpty }

    static let limits = 1...10_000
    /// A page ends early when it has grown to this size, so that memory does not depend on the size of records.
    static let byteCountMax = 4 << 20

    /// Reads and renders. Throws what the journal throws.
    init(
        _ journal: Journal, _ rendering: inout RecordJSON, _ stream: StreamName, after: SequenceNumber, limit: Int
    ) throws(JournalError) {
        var lines: [UInt8] = []
        var last = after
        var isCut = false
        // The gaps are rendered by a copy: both closures cannot change one value.
        let gapRendering = rendering
        let reached = try journal.visit(
            stream, after: after, limit: limit,
            gap: { gap in
                gapRendering.append(gap, to: &lines)
                lines.append(0x0A)
                last = gap.to
            }
        ) { record in
            rendering.append(record, to: &lines)
            lines.append(0x0A)
            last = record.seq
            isCut = lines.count >= Self.byteCountMax
            return !isCut
        }
        self.lines = lines
        next = isCut ? last : reached.next
        more = isCut ? journal.status(of: stream).lastSeq > last : reached.more
    }
}
