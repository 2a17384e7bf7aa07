import GatewayModel
import Synchronization

/// Collects what observers are told.
final class Ends: Sendable {
    private let ends = Mutex<[(StreamName, SequenceNumber)]>([])

    func add(_ stream: StreamName, _ end: SequenceNumber) { ends.withLock { $0.append((stream, end)) } }

    var all: [(StreamName, SequenceNumber)] { ends.withLock { $0 } }
}
