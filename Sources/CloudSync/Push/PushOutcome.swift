/// What became of one attempt to deliver one record, as far as the sender can know.
enum PushOutcome: Sendable, Equatable {
    /// The destination has confirmed this very record.
    case accepted
    /// The destination will never take this record: 400, 413, 422 and nothing else.
    case condemned(status: Int, reason: String)
    /// This attempt failed, perhaps because of this record: 5xx, a time-out, a broken answer.
    case troubled(reason: String)
    /// The destination as a whole cannot be reached or serve now. `retryAfter` in milliseconds, if it said.
    case unavailable(reason: String, retryAfter: Int64? = nil)
    /// The destination asks for fewer requests. `retryAfter` in milliseconds, if it said.
    case limited(reason: String, retryAfter: Int64?)
    /// Wrong address or key: redirects, 401, 403, 404, 405, and answers that are not the destination's.
    case misdirected(reason: String)
    /// Ended by ourselves; says nothing about the destination.
    case abandoned
}
