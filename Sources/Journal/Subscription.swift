/// Holds a callback in place for as long as it lives.
public final class Subscription: Sendable {
    private let end: @Sendable () -> Void

    init(_ end: @escaping @Sendable () -> Void) { self.end = end }

    deinit { end() }

    /// No call begins after this returns, unless it has begun before.
    public func cancel() { end() }
}
