/// What a link does with the connections over it.
public enum LinkFault: Sendable, Equatable {
    /// Every connection ends at once, new ones too: in order (FIN), or `abruptly` by a reset (RST).
    case cut(abruptly: Bool)
    /// Connections are accepted and stay open, nothing passes either way, not even their end.
    case blackHole
    /// What clients send is taken and kept back, and arrives later: also when the client has long gone, as packets do that
    /// took another way.
    case holding
    /// A connection is reset when so many bytes have passed, of both directions together.
    case resetAfter(byteCount: Int)
    /// So many bytes at a time in each direction, so many milliseconds apart.
    case dribble(byteCount: Int, every: Int64)
    /// Cut for so many milliseconds, whole for as many, and so on; every second cut is abrupt.
    case flapping(every: Int64)

    /// What a link that flaps since `start` does at `now` (milliseconds), and until when.
    func phase(since start: Int64, at now: Int64) -> (fault: LinkFault?, until: Int64?) {
        guard case .flapping(let period) = self else { return (self, nil) }
        let count = (now - start) / period
        let end = start + (count + 1) * period
        return (count % 2 == 1 ? nil : .cut(abruptly: count % 4 == 2), end)
    }
}
