/// Why a serial port cannot be listed, opened, read or written.
public enum SerialError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The port is not there, or went away while it was open: unplugged, or its other side closed.
    case gone(path: String)
    /// Another program holds the port.
    case busy(path: String)
    /// The daemon's user may not open the port; `group` is the one that may, if the port has one.
    case permission(path: String, group: String?)
    /// The path names something that is not a terminal.
    case notATerminal(path: String)
    /// Not one of the standard speeds, or the driver of the port does not have it.
    case baudRefused(path: String, baud: Int)
    /// Any other failure of a system call, with its errno.
    case failed(path: String, call: String, errno: Int32)
    /// The ports of the box cannot be listed.
    case listing(code: Int32)
    /// No driver of this gateway has the port, so that it cannot be borrowed.
    case notOffered(path: String)
    /// The port is lent already, or about to be.
    case lent(path: String, purpose: String)

    /// The stable name that status, metrics and events carry.
    public var code: String {
        switch self {
        case .gone: "port_gone"
        case .busy: "port_busy"
        case .permission: "port_permission"
        case .notATerminal: "port_not_a_terminal"
        case .baudRefused: "port_baud_refused"
        case .failed: "port_failed"
        case .listing: "port_listing_failed"
        case .notOffered: "port_not_offered"
        case .lent: "port_lent"
        }
    }

    /// What is wrong and how to mend it, for people.
    public var description: String {
        switch self {
        case .gone(let path):
            "\(path) is not there: plug the board in, or correct the path"
        case .busy(let path):
            "\(path) is held by another program: find it with `fuser -v \(path)` and stop it (ModemManager is a usual one)"
        case .permission(let path, let group?):
            "no permission for \(path): add the daemon's user to the group \(group) "
                + "(`usermod -aG \(group) mycogate`) and restart it"
        case .permission(let path, nil):
            "no permission for \(path): give the daemon's user read and write access to it"
        case .notATerminal(let path):
            "\(path) is not a serial port"
        case .baudRefused(let path, let baud):
            "\(path) cannot run at \(baud) baud: use a standard speed that its adapter has"
        case .failed(let path, let call, let errno):
            "\(path): \(call) failed with errno \(errno)"
        case .listing(let code):
            "serial ports cannot be listed (libserialport \(code))"
        case .notOffered(let path):
            "\(path) is not driven by this gateway"
        case .lent(let path, let purpose):
            "\(path) is in use for \(purpose): wait until that is done"
        }
    }
}
