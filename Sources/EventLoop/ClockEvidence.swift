/// Why the wall clock is believed.
public enum ClockEvidence: String, Sendable, CaseIterable {
    /// It is not: records are marked, and their times are corrected later.
    case none
    /// The kernel says that something keeps it synchronised (NTP, PTP, GPS).
    case kernel
    /// A battery-backed clock of this machine tells the same time.
    case battery
    /// A virtual machine starts with the time of its host.
    case host
    /// A destination told the time, and ours agrees or is reckoned from it.
    case upstream
    /// The configuration vouches for it.
    case `operator`
}
