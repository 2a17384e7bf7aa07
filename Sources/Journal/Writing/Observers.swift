internal import GatewayModel
internal import Synchronization

/// Those who want to know of each commit.
final class Observers: Sendable {
    typealias Body = @Sendable (StreamName, SequenceNumber) -> Void

    private let bodies = Mutex<(next: Int, bodies: [Int: Body])>((0, [:]))

    func add(_ body: @escaping Body) -> Int {
        bodies.withLock { state in
            state.next += 1
            state.bodies[state.next] = body
            return state.next
        }
    }

    func remove(_ id: Int) { bodies.withLock { _ = $0.bodies.removeValue(forKey: id) } }

    func notify(_ stream: StreamName, _ end: SequenceNumber) {
        for body in bodies.withLock({ Array($0.bodies.values) }) { body(stream, end) }
    }
}
