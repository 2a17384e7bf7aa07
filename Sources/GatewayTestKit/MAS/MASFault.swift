/// A way in which a stand-in server misbehaves on one request.
public enum MASFault: Sendable, Equatable {
    /// Answers this status without acting on the request.
    case status(Int, retryAfter: String? = nil)
    /// Acts on the request, then sends half of the answer and closes.
    case halfBody
    /// Acts on the request, then closes without an answer: the lost answer.
    case lostAnswer
    /// Closes without acting on the request.
    case closed
    /// Acts on the request and answers after this many milliseconds.
    case late(milliseconds: Int64)
    /// Acts on the request and answers a few bytes at a time, this far apart.
    case dribbled(milliseconds: Int64)
    /// Reads the request and never answers.
    case silent
    case redirect(to: String)
    /// A captive portal: 200 and a page.
    case page
    /// 200 and a JSON answer that names another message.
    case wrongMessage
    /// 200 and a JSON answer with `accepted: false`.
    case notAccepted
    /// Something that is not HTTP.
    case garbage
    /// 200 and three megabytes of nothing.
    case huge
    /// 200 and JSON that breaks off.
    case corrupt
}

/// The routes of the stand-in MAS that can misbehave.
public enum MASRoute: Sendable, Equatable, CaseIterable {
    case envelopes
    case heartbeats
    case audit
    case tasks
}
