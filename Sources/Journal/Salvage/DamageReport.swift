public import GatewayModel

/// A segment that was found damaged: what became of it.
public struct DamageReport: Sendable, Equatable {
    /// The stream, and the number of the first record the segment could hold.
    public var stream: StreamName
    public var first: SequenceNumber
    /// What was found.
    public var reason: String
    /// Where the damaged file is now.
    public var path: String
    /// Records saved into a sound segment in its place.
    public var kept: Int64
    /// Records that are lost, and entered as such.
    public var lost: Int64

    /// The event that tells of it.
    func note(at time: ReceiveTime) -> Note {
        let name = path.split(separator: "/").last.map(String.init) ?? ""
        // A reason is one of ours or SQLite's; only its quotes could hurt.
        let reason = String(
            reason.unicodeScalars.map { $0 == "\"" || $0 == "\\" || $0.value < 32 ? " " : $0 }
                .reduce(into: "".unicodeScalars) { $0.append($1) })
        let body =
            "{\"stream\":\"\(stream.rawValue)\",\"first_seq\":\(first),\"kept\":\(kept),\"lost\":\(lost),"
            + "\"file\":\"damaged/\(name)\",\"reason\":\"\(reason)\"}"
        return Note(.events, kind: "segment_damaged", body: body, received: time)
    }
}
