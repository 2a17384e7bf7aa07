import GatewayTestKit
import JSONText
import Testing

/// The real program on links that fail in every way: nothing is lost, nothing doubled, intake does not notice the uplinks,
/// and delivery goes on when the link is whole again.
@Suite(.serialized) struct LinkFaultTests {
    private static let faults: [LinkFault] = [
        .cut(abruptly: false), .cut(abruptly: true), .blackHole, .resetAfter(byteCount: 4_000),
        .dribble(byteCount: 1, every: 1_000), .dribble(byteCount: 40, every: 20), .flapping(every: 50),
    ]

    @Test func uplinksThatFailLoseAndDoubleNothingAndIntakeGoesOn() throws {
        let site = try LinkSite(binary: GatewayProcess.built())
        #expect(try site.start(), "\(site.gateway.log)")
        #expect(site.publish(200) && site.delivers(within: .seconds(60)))
        var early = (bytes: 0, descriptors: 0)
        for fault in Self.faults {
            for link in site.uplinks { link.impose(fault) }
            let before = site.uplinks.map(\.acceptedCount)
            #expect(site.publish(300))
            // The links are still broken: what comes in is taken all the same.
            #expect(site.stores(), "\(fault)")
            if site.uplinks[1].acceptedCount == before[1], isEnding(fault) {
                #expect(site.uplinks[1].waitForConnections(1), "\(fault)")
            }
            for link in site.uplinks { link.heal() }
            try site.flush()
            #expect(site.delivers(within: .seconds(90)), "\(fault): \(site.gateway.status()?.text ?? "")")
            if early.bytes == 0 { early = (site.gateway.residentBytes, site.gateway.descriptorCount) }
        }
        let verdict = try site.verdict()
        #expect(verdict.isClean, "\(verdict)")
        // Requests under way at once differ, and with them connections.
        #expect(site.gateway.descriptorCount <= early.descriptors + 16)
        #expect(site.gateway.residentBytes <= early.bytes + (12 << 20))
        #expect(site.gateway.stop() == 0)
    }

    @Test func aBrokerBehindALinkThatFailsLosesAndDoublesNothing() throws {
        let site = try LinkSite(binary: GatewayProcess.built())
        #expect(try site.start(), "\(site.gateway.log)")
        #expect(site.publish(200) && site.delivers(within: .seconds(60)))
        let early = site.gateway.descriptorCount
        for fault in Self.faults {
            site.brokerLink.impose(fault)
            let accepted = site.brokerLink.acceptedCount
            #expect(site.publish(600))
            // It has to have met the fault: by a connection that ended, or by messages that passed meanwhile.
            if isEnding(fault), site.brokerLink.acceptedCount == accepted {
                #expect(site.brokerLink.waitForConnections(1), "\(fault)")
            }
            site.brokerLink.heal()
            #expect(site.stores(within: .seconds(90)), "\(fault): \(site.gateway.log.suffix(2_000))")
        }
        #expect(site.delivers(within: .seconds(60)))
        let verdict = try site.verdict()
        #expect(verdict.isClean, "\(verdict)")
        #expect(site.gateway.descriptorCount <= early + 16)
        #expect(site.gateway.stop() == 0)
    }

    /// `mycogate-sim links` runs it for ten minutes.
    @Test func linksThatFlapLoseAndDoubleNothing() throws {
        var trial = LinkTrial(binary: GatewayProcess.built(), seconds: 20, seed: 20_260_115)
        trial.isHurried = true
        let outcome = try trial.run()
        #expect(outcome.isDelivered && outcome.verdict.isClean, "\(outcome)")
        #expect(outcome.changes > 10)
        // The broker's link is whole: what it has is stored while the uplinks flap, but for a stall of the machine.
        #expect(outcome.behindMax <= 600, "\(outcome.behindMax)")
    }

    /// Whether connections end of it.
    private func isEnding(_ fault: LinkFault) -> Bool {
        switch fault {
        case .cut, .resetAfter, .flapping: true
        case .blackHole, .holding, .dribble: false
        }
    }
}
