internal import Glibc

/// A value behind a lock on which others can wait until it satisfies a condition.
///
/// Waiters look every few milliseconds instead of being woken at each change: a peer under load must not be slowed by those who
/// watch it.
public final class Monitor<Value>: @unchecked Sendable {
    // The value is touched only while the mutex is held.
    private var value: Value
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

    public init(_ value: Value) {
        self.value = value
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Lends the value, and wakes those who wait.
    public func withLock<R, E: Error>(_ body: (inout Value) throws(E) -> R) throws(E) -> R {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&value)
    }

    /// Blocks until `condition` holds; false if it does not within `limit`.
    public func wait(limit: Duration, until condition: (Value) -> Bool) -> Bool {
        Eventually.holds(within: limit) {
            pthread_mutex_lock(mutex)
            defer { pthread_mutex_unlock(mutex) }
            return condition(value)
        }
    }
}
