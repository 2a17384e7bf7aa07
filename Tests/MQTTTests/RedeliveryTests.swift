import Testing

@testable import MQTT

struct RedeliveryTests {
    private func take(_ redelivery: inout Redelivery, _ line: String, qos: Int32 = 1) -> Bool {
        redelivery.hear(line)
        return redelivery.take(qos: qos)
    }

    @Test func theFlagStandsInTheLibrarysLine() {
        var redelivery = Redelivery(clientID: "gw")
        redelivery.begin()
        #expect(take(&redelivery, "Client gw received PUBLISH (d1, q1, r0, m1, 'a/b', ... (3 bytes))"))
        #expect(!take(&redelivery, "Client gw received PUBLISH (d0, q1, r0, m2, 'a/b', ... (3 bytes))"))
        #expect(!take(&redelivery, "Client gw received PUBLISH (d1, q0, r0, m0, 'a/b', ... (3 bytes))", qos: 0))
        // A line of something else, however alike, and none at all.
        #expect(!take(&redelivery, "Client gw sending PUBACK (m1, rc0)"))
        #expect(!take(&redelivery, "Client gw received PUBLISH (d"))
        let isRepeated = redelivery.take(qos: 1)
        #expect(!isRepeated)
    }

    @Test func itEndsWhenOnlyNewMessagesCome() {
        var redelivery = Redelivery(clientID: "gw")
        let (old, new) = ("Client gw received PUBLISH (d1, q1", "Client gw received PUBLISH (d0, q1")
        #expect(!take(&redelivery, old))
        redelivery.begin()
        for _ in 0..<63 { #expect(!take(&redelivery, new)) }
        #expect(take(&redelivery, old))
        for _ in 0..<64 {
            #expect(!redelivery.hasJustEnded)
            #expect(!take(&redelivery, new))
        }
        #expect(redelivery.hasJustEnded)
        #expect(!take(&redelivery, old))
        #expect(!redelivery.hasJustEnded)
    }
}
