internal import Synchronization

/// Who may use which port now: lends ports from their drivers, one borrower at a time.
///
/// A driver offers its ports. `borrow` asks it to let go and waits until it has `released` the port; when the lease ends
/// the driver is told to take the port back.
public final class PortLeases: Sendable {
    /// How a driver is told. Both are called on the thread of the borrower and must only wake the driver.
    public struct Owner: Sendable {
        /// Close the port and call `released`.
        public let letGo: @Sendable () -> Void
        /// Open the port again.
        public let takeBack: @Sendable () -> Void

        public init(letGo: @escaping @Sendable () -> Void, takeBack: @escaping @Sendable () -> Void) {
            self.letGo = letGo
            self.takeBack = takeBack
        }
    }

    private struct Request {
        let ticket: UInt64
        let purpose: String
        let onRevoke: @Sendable () -> Void
        let continuation: CheckedContinuation<PortLease, any Error>
    }

    private enum Standing {
        case owned
        case asked(Request)
        case lent(WeakLease)
    }

    /// Weak, since dropping the lease must end it.
    private struct WeakLease {
        weak var lease: PortLease?
        let ticket: UInt64
        let purpose: String
    }

    private struct Offer {
        let owner: Owner
        var standing: Standing
    }

    private struct State {
        var offers: [String: Offer] = [:]
        var lastTicket: UInt64 = 0
    }

    private let state = Mutex(State())

    public init() {}

    /// The driver of `path` declares that it can be borrowed. Offering again replaces the owner and keeps a running lease.
    public func offer(_ path: String, by owner: Owner) {
        state.withLock { $0.offers[path] = Offer(owner: owner, standing: $0.offers[path]?.standing ?? .owned) }
    }

    /// The driver of `path` drives it no longer: who waits for it is refused, and a running lease is revoked.
    public func withdraw(_ path: String) {
        let offer = state.withLock { $0.offers.removeValue(forKey: path) }
        switch offer?.standing {
        case .asked(let request): request.continuation.resume(throwing: SerialError.notOffered(path: path))
        case .lent(let weak): weak.lease?.revoke()
        case .owned, nil: break
        }
    }

    /// Takes the port from its driver.
    ///
    /// `onRevoke` is called, on another thread, when the driver wants it back before its time.
    /// - Throws: `SerialError.notOffered`, `SerialError.lent`, or `CancellationError`.
    public func borrow(
        _ path: String, for purpose: String, onRevoke: @escaping @Sendable () -> Void = {}
    ) async throws -> PortLease {
        let ticket = state.withLock { state in
            state.lastTicket += 1
            return state.lastTicket
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let request = Request(
                    ticket: ticket, purpose: purpose, onRevoke: onRevoke, continuation: continuation)
                switch register(request, path: path) {
                case .success(let owner): owner.letGo()
                case .failure(let error): continuation.resume(throwing: error)
                }
                if Task.isCancelled { cancel(path: path, ticket: ticket) }
            }
        } onCancel: {
            cancel(path: path, ticket: ticket)
        }
    }

    /// The driver has closed the port it was asked for: the borrower gets it.
    public func released(_ path: String) {
        let granted: (request: Request, lease: PortLease)? = state.withLock { state in
            guard case .asked(let request) = state.offers[path]?.standing else { return nil }
            let lease = PortLease(
                path: path, purpose: request.purpose, ticket: request.ticket, leases: self, onRevoke: request.onRevoke)
            state.offers[path]?.standing = .lent(
                WeakLease(lease: lease, ticket: request.ticket, purpose: request.purpose))
            return (request, lease)
        }
        if let granted { granted.request.continuation.resume(returning: granted.lease) }
    }

    /// Asks the borrower of `path` to give it back soon. True if it is lent.
    @discardableResult
    public func revoke(_ path: String) -> Bool {
        let lease: PortLease? = state.withLock { state in
            guard case .lent(let weak) = state.offers[path]?.standing else { return nil }
            return weak.lease
        }
        lease?.revoke()
        return lease != nil
    }

    /// What `path` is lent for now; nil if its driver has it.
    public func purpose(of path: String) -> String? {
        state.withLock { state in
            guard case .lent(let weak) = state.offers[path]?.standing else { return nil }
            return weak.purpose
        }
    }

    /// The lease with this ticket has ended; an older ticket changes nothing.
    func end(path: String, ticket: UInt64) {
        let owner: Owner? = state.withLock { state in
            guard case .lent(let weak) = state.offers[path]?.standing, weak.ticket == ticket else { return nil }
            state.offers[path]?.standing = .owned
            return state.offers[path]?.owner
        }
        owner?.takeBack()
    }

    private func register(_ request: Request, path: String) -> Result<Owner, SerialError> {
        state.withLock { state in
            guard let offer = state.offers[path] else { return .failure(.notOffered(path: path)) }
            switch offer.standing {
            case .owned:
                state.offers[path]?.standing = .asked(request)
                return .success(offer.owner)
            case .asked(let other): return .failure(.lent(path: path, purpose: other.purpose))
            case .lent(let weak): return .failure(.lent(path: path, purpose: weak.purpose))
            }
        }
    }

    private func cancel(path: String, ticket: UInt64) {
        let waiting: (request: Request, owner: Owner)? = state.withLock { state in
            guard let offer = state.offers[path], case .asked(let request) = offer.standing, request.ticket == ticket
            else { return nil }
            state.offers[path]?.standing = .owned
            return (request, offer.owner)
        }
        guard let waiting else { return }
        waiting.owner.takeBack()
        waiting.request.continuation.resume(throwing: CancellationError())
    }
}
