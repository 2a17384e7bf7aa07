import EventLoop
import FieldProtocols
import GatewayModel

/// What is known of one gateway.
struct GatewayLedger {
    let device: DeviceName
    /// The way back; nil while there is none.
    var route: Route?
    /// Bad checksums since its last statistics.
    var damagedPackets = 0
    var limit: RateLimit

    /// How a gateway is told something.
    enum Route: Equatable {
        /// Where its latest PULL_DATA came from: the only way back, another than that of its PUSH_DATA.
        case forwarder(DatagramPeer, version: UInt8)
        case station(connection: UInt64)
    }

    init(device: DeviceName, rateMax: Int) {
        self.device = device
        // In steps of ten milliseconds at least: a token bucket of whole milliseconds is coarse.
        let perTick = max(1, 1_000 / max(1, rateMax))
        limit = RateLimit(burst: max(1, rateMax) * 5, every: .milliseconds(perTick))
    }
}
