import CloudSync
import EventLoop
import GatewayModel
import GatewayTestKit
import HTTPClient
import Testing

/// A stream in memory and destinations with short waits that read it, over real sockets.
struct ServerRig {
    let stream = MemoryStream()

    var source: DeliverySource { stream.source }

    func destination<Format: DeliveryFormat>(
        _ kind: String, _ format: Format, source: DeliverySource? = nil, holdDelay: Duration = .milliseconds(10),
        totalTimeout: Duration = .seconds(30), sideTraffic: @escaping @Sendable () -> (any SideTraffic)? = { nil }
    ) throws -> FormatDestination<Format> {
        var configuration = DestinationConfiguration(name: kind, kind: kind, gatewayID: "gw-1")
        configuration.client.acceptsCompression = false
        configuration.push.retryDelayInitial = .milliseconds(10)
        configuration.push.retryDelayMax = .milliseconds(200)
        configuration.push.holdDelayInitial = holdDelay
        configuration.push.holdDelayMax = holdDelay
        configuration.push.saveInterval = 10
        configuration.push.stopLimit = 200
        configuration.client.totalTimeout = totalTimeout
        return try FormatDestination(
            configuration, sources: [source ?? self.source], format: format, clock: SystemClock(), seed: 1,
            sideTraffic: sideTraffic)
    }

    /// Runs `destination` while `body` runs, then stops it.
    func run(_ destination: any Destination, _ body: () throws -> Void) async throws {
        try await stream.run(destination, body)
    }

    /// Flushes until everything is acknowledged; false if it is not within a minute.
    func drains(_ destination: any Destination, _ count: Int) -> Bool {
        Eventually.holds(within: .seconds(60)) {
            destination.flush()
            return stream.acknowledged == Int64(count)
        }
    }
}
