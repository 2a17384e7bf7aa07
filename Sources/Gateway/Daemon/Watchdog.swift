/// Feeds the service manager's watchdog while the threads come round that nothing but a new process can put right: the
/// journal's writer, refused for space or not, and the one that reads all serial ports. A daemon that can make nothing durable
/// any more and does not even say so, or whose decoder never ends, is to be started again.
struct Watchdog: Sendable {
    /// Whether each of the threads comes round.
    let answers: [@Sendable () -> Bool]
    let feed: @Sendable () -> Void

    /// To be called once a second.
    func beat() { if answers.allSatisfy({ $0() }) { feed() } }
}
