/// Feeds the service manager's watchdog while the journal's writer comes round, refused for space or not: a daemon that can
/// make nothing durable any more and does not even say so is to be started again.
struct Watchdog: Sendable {
    let writerAnswers: @Sendable () -> Bool
    let feed: @Sendable () -> Void

    /// To be called once a second.
    func beat() { if writerAnswers() { feed() } }
}
