import Synchronization

/// Something that runs as long as the daemon does.
struct Service: Sendable {
    var name: String
    /// Neighbours of one stage are stopped together; each of the others by itself.
    var stage: String?
    /// Returns only when cancelled; returning or throwing before is a failure of the daemon.
    var run: @Sendable () async throws -> Void
}

/// Starts services in the order given and stops them in the reverse, stage by stage, each within a limit.
struct ServiceGroup {
    /// Why the group ended.
    enum End: Sendable {
        case asked
        case failed(service: String, reason: String)
    }

    private enum Happening: Sendable {
        case ended(index: Int, reason: String?)
        case asked
        case limit(stage: Int)
        case totalLimit
    }

    var services: [Service]
    var log: Log
    /// How long one stage may take to stop before the next is stopped all the same.
    var stopLimit: Duration = .seconds(6)
    /// How long all may take together; what is left then has `lateLimit` for each stage. Less than the unit's
    /// `TimeoutStopSec`, after which the daemon is killed.
    var totalLimit: Duration = .seconds(14)
    var lateLimit: Duration = .milliseconds(200)

    /// Runs until `stop` returns or a service ends by itself, then stops what still runs.
    ///
    /// `started` is called when all have been started.
    func run(until stop: @escaping @Sendable () async -> Void, started: () -> Void) async -> End {
        let (happenings, continuation) = AsyncStream.makeStream(of: Happening.self)
        let tasks = services.enumerated().map { index, service in
            Task {
                do {
                    try await service.run()
                    continuation.yield(.ended(index: index, reason: nil))
                } catch is CancellationError {
                    continuation.yield(.ended(index: index, reason: nil))
                } catch {
                    continuation.yield(.ended(index: index, reason: "\(error)"))
                }
            }
        }
        let asked = Task {
            await stop()
            continuation.yield(.asked)
        }
        defer { asked.cancel() }
        started()
        var running = Set(services.indices)
        var end = End.asked
        var iterator = happenings.makeAsyncIterator()
        if let first = await iterator.next(), case .ended(let index, let reason) = first {
            running.remove(index)
            end = .failed(service: services[index].name, reason: reason ?? "ended by itself")
        }
        let total = Self.alarm(after: totalLimit) { continuation.yield(.totalLimit) }
        var isLate = false
        for (number, stage) in stages.enumerated() {
            for index in stage { tasks[index].cancel() }
            guard !running.isDisjoint(with: stage) else { continue }
            let limit = Self.alarm(after: isLate ? lateLimit : stopLimit) { continuation.yield(.limit(stage: number)) }
            waiting: while !running.isDisjoint(with: stage), let happening = await iterator.next() {
                switch happening {
                case .ended(let ended, _): running.remove(ended)
                case .limit(number): break waiting
                case .totalLimit:
                    isLate = true
                    break waiting
                case .limit, .asked: continue
                }
            }
            limit.cancel()
            for index in stage where running.contains(index) {
                log.error("a service did not stop in time", ["service": services[index].name])
            }
        }
        total.cancel()
        continuation.finish()
        return end
    }

    /// In the order of stopping.
    private var stages: [[Int]] {
        var stages: [[Int]] = []
        for index in services.indices.reversed() {
            if let stage = services[index].stage, let next = stages.last?.last, services[next].stage == stage {
                stages[stages.count - 1].append(index)
            } else {
                stages.append([index])
            }
        }
        return stages
    }

    /// Rings once, unless cancelled before.
    private static func alarm(after limit: Duration, _ ring: @escaping @Sendable () -> Void) -> Task<Void, Never> {
        // Cancelled when what it limits has ended in time; then there is nothing to report.
        Task { if (try? await Task.sleep(for: limit)) != nil { ring() } }
    }
}
