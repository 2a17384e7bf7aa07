import GatewayTestKit
import Synchronization

@testable import NATS

/// A connection and the events it has had so far.
final class NATSRig {
    let connection: NATSConnection
    private(set) var seen: [NATSEvent] = []

    init(_ address: String, _ settings: NATSSettings = NATSSettings()) throws(NATSError) {
        connection = try NATSConnection(settings, address: address, onArrival: {})
    }

    /// Waits until there were `count` events.
    func wait(for count: Int) -> Bool {
        Eventually.holds {
            seen += connection.events()
            return seen.count >= count
        }
    }

    func publish(
        _ text: String, to subject: String = "site.readings", id: String, _ expectation: PublishExpectation = .init()
    ) throws -> UInt {
        try connection.publish(Array(text.utf8)[...], to: subject, id: id, expecting: expectation)
    }
}
