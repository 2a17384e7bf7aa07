extension MASFault {
    /// The answer of a fault that keeps the request from being acted on; nil for the others.
    var replyInstead: PeerReply? {
        switch self {
        case .status(let status, let retryAfter):
            var reply = PeerReply(status, #"{"detail":"scripted"}"#)
            if let retryAfter { reply.headers = "retry-after: \(retryAfter)\r\n" }
            return reply
        case .closed: return PeerReply(unanswered: .unanswered)
        case .silent: return PeerReply(unanswered: .never)
        case .garbage: return PeerReply(unanswered: .garbage)
        case .redirect(let target):
            var reply = PeerReply(302, "")
            reply.headers = "location: \(target)\r\n"
            return reply
        case .page:
            var reply = PeerReply(200, "<html><body>Welcome to the guest network</body></html>")
            reply.headers = "content-type: text/html\r\n"
            return reply
        case .wrongMessage: return PeerReply(200, #"{"accepted":true,"deviceId":"x","msgId":"another","seq":1}"#)
        case .notAccepted: return PeerReply(200, #"{"accepted":false,"reason":"scripted"}"#)
        case .huge: return PeerReply(200, body: Array(repeating: UInt8(ascii: " "), count: 3 << 20))
        case .corrupt: return PeerReply(200, #"{"accepted":tru\u00"#)
        case .halfBody, .lostAnswer, .late, .dribbled: return nil
        }
    }

    /// The answer to a request that was acted on, as far as the fault lets it through.
    func spoil(_ reply: PeerReply) -> PeerReply {
        var reply = reply
        switch self {
        case .halfBody: reply.manner = .half
        case .lostAnswer: reply.manner = .unanswered
        case .late(let milliseconds): reply.manner = .late(milliseconds: milliseconds)
        case .dribbled(let milliseconds): reply.manner = .dribbled(milliseconds: milliseconds)
        default: break
        }
        return reply
    }
}
