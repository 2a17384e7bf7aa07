internal import Synchronization

/// The right to use a port that somebody else normally drives, until given back.
///
/// The borrower opens the port itself, and closes it before giving it back. Dropping the lease gives it back too.
public final class PortLease: Sendable {
    /// The port, as its owner offered it.
    public let path: String
    /// What the port was borrowed for.
    public let purpose: String

    let ticket: UInt64
    private let leases: PortLeases
    private let revoked = Atomic<Bool>(false)
    private let onRevoke: @Sendable () -> Void

    init(
        path: String, purpose: String, ticket: UInt64, leases: PortLeases, onRevoke: @escaping @Sendable () -> Void
    ) {
        self.path = path
        self.purpose = purpose
        self.ticket = ticket
        self.leases = leases
        self.onRevoke = onRevoke
    }

    deinit { leases.end(path: path, ticket: ticket) }

    /// Whether the port is wanted back: the borrower stops at the next safe point, closes it and gives it back.
    public var isRevoked: Bool { revoked.load(ordering: .acquiring) }

    /// Gives the port back to its owner. The port must be closed by then. Doing so twice is harmless.
    public func giveBack() { leases.end(path: path, ticket: ticket) }

    func revoke() {
        revoked.store(true, ordering: .releasing)
        onRevoke()
    }
}
