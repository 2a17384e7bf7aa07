/// What brings in the messages of one transport and takes commands out to its devices.
///
/// A driver keeps its own devices going: an unplugged board or a broker that restarts is its daily business and no error.
public protocol Driver: Sendable {
    /// Names the driver in logs and status: `serial`, `mqtt`.
    var name: String { get }

    /// How it is doing now.
    var condition: DriverCondition { get }

    /// Works until the task is cancelled. Throws when it cannot go on; `DriverSupervisor` then starts it again.
    func run() async throws
}

/// How a driver is doing, for status and health.
public enum DriverCondition: Sendable, Equatable {
    case stopped
    case working
    /// Running, but not doing all of its work: with the reason, for people.
    case degraded(String)

    /// `stopped`, `working` or `degraded`.
    public var name: String {
        switch self {
        case .stopped: "stopped"
        case .working: "working"
        case .degraded: "degraded"
        }
    }
}
