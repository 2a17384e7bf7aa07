import CloudSync
import EventLoop
import GatewayModel
import GatewayTestKit
import NATS

/// One life of a NATS destination over given streams.
final class NATSWorld: Sendable {
    let destination: NATSDestination
    private let task: Task<Void, any Error>

    init(
        _ servers: [String], _ streams: [NumberedStream],
        _ change: (inout NATSDestination.Configuration) -> Void = { _ in }
    ) throws {
        var configuration = NATSDestination.Configuration(
            name: "nats", gatewayID: "gw-1", epoch: streams.first?.epoch ?? "e1", servers: servers)
        configuration.createsStream = true
        configuration.push.saveInterval = 1
        configuration.push.retryDelayInitial = .milliseconds(20)
        configuration.push.retryDelayMax = .milliseconds(500)
        change(&configuration)
        destination = try NATSDestination(
            configuration, sources: streams.map(\.source), clock: SystemClock(), seed: 7)
        let destination = destination
        task = Task { try await destination.run() }
    }

    deinit { task.cancel() }

    var status: DestinationStatus { destination.status }

    /// Ends this life as a stop of the gateway does.
    func stop() async throws {
        task.cancel()
        try await task.value
    }

    /// Waits without blocking a thread that the destination's start may need.
    static func waits(limit: Duration = .seconds(60), for condition: () -> Bool) async -> Bool {
        let clock = ContinuousClock()
        let end = clock.now + limit
        while clock.now < end {
            if condition() { return true }
            await Task.yield()
            _ = Eventually.holds(within: .milliseconds(5)) { condition() }
        }
        return condition()
    }
}

/// Whether `messages` tell the records `numbers` of a stream, each once and in order.
func tells(_ messages: [StoredMessage], _ numbers: ClosedRange<Int64>, of stream: StreamName = .readings) -> Bool {
    let ids = messages.filter { $0.subject == "mycogate.gw-1.\(stream.rawValue)" }.map { $0.id ?? "" }
    return ids.map { $0.prefix { $0 != "#" } } == numbers.map { "gw-1/e1/\(stream.rawValue)/\($0)" }
}
