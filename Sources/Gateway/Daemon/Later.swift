import Synchronization

/// A value that is known only after those who ask for it were made.
final class Later<Value: Sendable>: Sendable {
    private let known: Mutex<Value>

    init(_ value: Value) { known = Mutex(value) }

    var value: Value { known.withLock { $0 } }

    func set(_ value: Value) { known.withLock { $0 = value } }

    @discardableResult
    func change<R: Sendable>(_ body: (inout Value) -> R) -> R { known.withLock { body(&$0) } }
}
