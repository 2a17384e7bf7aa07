import CloudSync
import EventLoop
import GatewayModel
import GatewayTestKit
import Testing

/// A stand-in MAS, a stream in memory, and destinations between the two over real sockets.
struct MASRig {
    let mas: StandInMAS
    let stream = MemoryStream()

    init(_ configuration: StandInMAS.Configuration = StandInMAS.Configuration()) throws {
        mas = try StandInMAS(configuration)
    }

    /// A destination with short waits. `token` nil: one whose requests the MAS limits.
    func destination(
        _ url: String? = nil, token: String? = "token", clock: any Clock = SystemClock(),
        _ change: (inout MASDestination.Configuration) -> Void = { _ in },
        site: @escaping @Sendable () -> SiteAnnouncement? = { nil }
    ) throws -> MASDestination {
        var configuration = MASDestination.Configuration(
            name: "mas", url: url ?? mas.url, gatewayID: "gw-1", epoch: "epoch")
        configuration.serviceToken = token
        configuration.push.retryDelayInitial = .milliseconds(10)
        configuration.push.retryDelayMax = .milliseconds(200)
        configuration.push.holdDelayInitial = .milliseconds(10)
        configuration.push.holdDelayMax = .milliseconds(10)
        configuration.push.saveInterval = 10
        change(&configuration)
        return try MASDestination(configuration, sources: [stream.source], clock: clock, seed: 1, announcement: site)
    }

    /// Runs `destination` while `body` runs, then stops it.
    func run(_ destination: MASDestination, _ body: () throws -> Void) async throws {
        try await stream.run(destination, body)
        #expect(destination.status.state == .stopped)
    }
}
