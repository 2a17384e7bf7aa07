/// What became of one attempt to deliver a batch of records (often a single one), as far as the sender can know.
public enum PushOutcome: Sendable, Equatable {
    /// A record of a batch that the destination will never take.
    public struct Rejection: Sendable, Equatable {
        /// Its place in the batch, from 0.
        public var index: Int
        public var status: Int
        public var reason: String

        public init(index: Int, status: Int, reason: String) {
            self.index = index
            self.status = status
            self.reason = reason
        }
    }

    /// The destination has confirmed these very records, all of them.
    case accepted
    /// It has confirmed this many from the front; the rest is sent again at once. 0 is trouble.
    case acceptedFirst(Int)
    /// It has judged each record by itself: these are condemned, all others accepted.
    case rejected([Rejection])
    /// The destination will never take this batch: 400, 413, 422 and nothing else. A batch of several is sent again in
    /// halves, until the record that is meant is found.
    case condemned(status: Int, reason: String)
    /// This attempt failed, perhaps because of its records: 5xx, a time-out, a broken answer.
    case troubled(reason: String)
    /// Not taken for a reason that says nothing of other records: this lane waits, as long as for a wrong address.
    case declined(reason: String)
    /// No connection came about: the destination was asked nothing.
    case unreachable(reason: String)
    /// The destination as a whole cannot serve now. `retryAfter` in milliseconds, if it said.
    case unavailable(reason: String, retryAfter: Int64? = nil)
    /// The destination asks for fewer requests. `retryAfter` in milliseconds, if it said.
    case limited(reason: String, retryAfter: Int64?)
    /// Wrong address or key: redirects, 401, 403, 404, 405, and answers that are not the destination's.
    case misdirected(reason: String)
    /// Ended by ourselves; says nothing about the destination.
    case abandoned
}
