import Synchronization

/// Something that runs as long as the daemon does.
struct Service: Sendable {
    var name: String
    /// Returns only when cancelled; returning or throwing before is a failure of the daemon.
    var run: @Sendable () async throws -> Void
}

/// Starts services in the order given and stops them in the reverse, each within a limit.
struct ServiceGroup {
    /// Why the group ended.
    enum End: Sendable {
        case asked
        case failed(service: String, reason: String)
    }

    private enum Happening: Sendable {
        case ended(index: Int, reason: String?)
        case asked
        case limit(index: Int)
    }

    var services: [Service]
    var log: Log
    /// How long one service may take to stop before the next is stopped all the same.
    var stopLimit: Duration = .seconds(6)

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
        for index in services.indices.reversed() {
            tasks[index].cancel()
            guard running.contains(index) else { continue }
            let limit = Task {
                // Cancelled when the service has stopped in time; then there is no limit to report.
                guard (try? await Task.sleep(for: stopLimit)) != nil else { return }
                continuation.yield(.limit(index: index))
            }
            waiting: while running.contains(index), let happening = await iterator.next() {
                switch happening {
                case .ended(let ended, _): running.remove(ended)
                case .limit(index): break waiting
                case .limit, .asked: continue
                }
            }
            limit.cancel()
            if running.contains(index) {
                log.error("a service did not stop in time", ["service": services[index].name])
            }
        }
        continuation.finish()
        return end
    }
}
