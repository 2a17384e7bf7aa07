import Testing

@testable import CloudSync

@Suite struct PushLinkTests {
    @Test func troublesInARowStopTheRequestsUntilOneHasWorked() throws {
        var settings = PushSettings()
        settings.troublesInRowMax = 3
        var link = PushLink(settings, seed: 1)
        for _ in 0..<2 { link.troubled("500", false, 0) }
        link.worked(false, 0)
        for _ in 0..<2 { link.troubled("500", false, 0) }
        #expect(link.isFlowing, "not in a row")
        link.troubled("500", false, 0)
        guard case .waiting(let until) = link.state else { return #expect(link.state == .waiting(until: 1)) }
        #expect(!link.allowsRequest(0, extra: 0))
        link.look(until)
        #expect(link.allowsRequest(0, extra: 0))
        link.sent(7)
        #expect(!link.allowsRequest(1, extra: 0), "one is tried, and no more")
        let wasProbe = link.took(7)
        #expect(wasProbe)
        link.worked(true, until)
        #expect(link.isFlowing)
    }

    @Test func requestsThatMissTogetherCountAsOneFailure() {
        for seed in 0..<100 {
            var link = PushLink(PushSettings(), seed: UInt64(seed))
            for _ in 0..<8 { link.missed("refused", 0) }
            // The first wait is drawn from half a second.
            link.look(500)
            #expect(link.state == .probing(slot: nil))
        }
    }
}
