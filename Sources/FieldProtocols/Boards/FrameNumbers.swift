/// Numbers the frames to one board and puts them into bytes: commands and receipts share one count (reference, section
/// 1.7).
///
/// A board of the binary generation counts on by one alone, and waits for a number that was left out for ever: there none
/// is. It tells with its frames how far its count is; after either side has begun anew, ours goes on from there.
public struct FrameNumbers: Sendable {
    private var next: UInt32
    private var sentAt: Int64?
    /// What the board has told since our last frame: everything up to here has arrived in order.
    private var arrived: UInt32?
    /// What it told last, and since when frames beyond that are on their way.
    private var told: UInt32?
    private var behindSince: Int64?

    /// Milliseconds after which what a board tells of our last frame is no longer on its way.
    static let settledMilliseconds: Int64 = 1_500

    /// - Parameter first: the number of the first frame; 0 is none.
    public init(first: UInt32) { next = max(first, 1) }

    /// A board of the binary generation tells up to where our frames have arrived.
    public mutating func arrived(upTo seq: UInt32) {
        if seq != told { behindSince = nil }
        told = seq
        arrived = seq
    }

    /// The frame under the next number; nil if the payload is longer than a board takes.
    ///
    /// - Parameters:
    ///   - isBinary: whether the board is of the binary generation. Others clear their input at a line's end, so that a
    ///     number whose frame would hold one is left out.
    ///   - again: the number under which the same was sent before: a board of the binary generation that has not got it
    ///     waits for just this one, and one that has got it does not do it twice.
    ///   - now: monotonic milliseconds.
    mutating func frame(
        _ header: MDPHeader, payload: [UInt8], isBinary: Bool, again: UInt32? = nil, now: Int64
    ) -> MDPEncoder.HostFrame? {
        var header = header
        header.seq = next
        var frame: MDPEncoder.HostFrame?
        if isBinary {
            header.seq = rejoined(now)
            if let again, arrived == nil, again < .max, again + 1 == next { header.seq = again }
            frame = MDPEncoder.encodeAsItIs(header, payload: payload)
        } else {
            frame = MDPEncoder.encodeAvoidingNewlines(header, payload: payload)
        }
        guard let frame else { return nil }
        next = frame.seq == .max ? 1 : frame.seq + 1
        sentAt = now
        if behindSince == nil || arrived.map({ header.seq == $0 + 1 }) == true { behindSince = now }
        arrived = nil
        return frame
    }

    /// The number that the board waits for, as far as that is known.
    private func rejoined(_ now: Int64) -> UInt32 {
        guard let arrived, arrived < .max else { return next }
        // Nothing of ours is under way any more; or it has stood still for as long while frames went on.
        let since = behindSince ?? sentAt
        let isSettled = sentAt.map { now - $0 >= Self.settledMilliseconds } ?? true
        let isStuck = since.map { now - $0 >= Self.settledMilliseconds } ?? false
        return isSettled || isStuck ? arrived + 1 : next
    }
}
