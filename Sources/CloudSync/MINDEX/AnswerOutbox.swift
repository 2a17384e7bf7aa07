/// The answers to commands that a server is to be told, each again after a while if it failed. Milliseconds of the monotonic
/// clock.
struct AnswerOutbox {
    private var answers: [RemoteAnswer] = []
    private var notBefore: [String: Int64] = [:]
    /// When to look into the store for more.
    var lookAt = Int64.min
    /// Answers that could not be told, since the start, and why the last one.
    private(set) var givenUp = 0
    private(set) var lastReason = ""

    /// Takes what the store holds now in place of what was known.
    mutating func take(_ found: [RemoteAnswer]) {
        answers = found
        let known = Set(found.map(\.id))
        notBefore = notBefore.filter { known.contains($0.key) }
    }

    func next(now: Int64) -> RemoteAnswer? { answers.first { (notBefore[$0.id] ?? .min) <= now } }

    var dueAt: Int64? { answers.map { notBefore[$0.id] ?? .min }.min() }

    mutating func remove(_ id: String) {
        answers.removeAll { $0.id == id }
        notBefore[id] = nil
    }

    /// 5 s, then twice as long each time, up to 5 minutes.
    mutating func putOff(_ answer: RemoteAnswer, now: Int64) {
        notBefore[answer.id] = now + min(300_000, 5_000 << Int64(min(answer.attempts, 10)))
        if let index = answers.firstIndex(where: { $0.id == answer.id }) { answers[index].attempts += 1 }
    }

    mutating func giveUp(_ id: String, _ reason: String) {
        remove(id)
        givenUp += 1
        lastReason = reason
    }

    mutating func retryAll(now: Int64) { notBefore = notBefore.mapValues { min($0, now) } }
}
