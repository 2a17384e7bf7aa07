import Synchronization

/// How many answers may be large in memory at the same time.
final class BulkPermits: Sendable {
    /// Counts as long as somebody holds it.
    final class Permit: Sendable {
        private let permits: BulkPermits

        fileprivate init(_ permits: BulkPermits) { self.permits = permits }

        deinit { permits.left.withLock { $0 += 1 } }
    }

    private let left: Mutex<Int>

    init(_ count: Int) { left = Mutex(count) }

    /// Nil if as many as allowed are held.
    func take() -> Permit? {
        let isLeft = left.withLock { left in
            if left > 0 { left -= 1 } else { return false }
            return true
        }
        return isLeft ? Permit(self) : nil
    }
}
