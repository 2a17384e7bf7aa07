import HTTPClient
import Testing

@testable import GatewayTestKit

/// The checkers of the crash trial, shown what they exist for: message 1 under two names, message 2 with two contents,
/// message 3 missing.
@Suite struct CrashVerdicts {
    private let headers: [ClientRequest.Header] = [
        ClientRequest.Header("Content-Type", "application/json"), ClientRequest.Header("X-Internal-Token", "token"),
        ClientRequest.Header("X-API-Key", "myco_key"),
    ]

    private func post(_ upstream: any CrashUpstream, _ path: String, _ body: String, key: String? = nil) throws {
        let entry = try #require(upstream.sections.first)
        let url = entry.drop { $0 != "\"" }.dropFirst().prefix { $0 != "\"" }
        let headers = headers + (key.map { [ClientRequest.Header("Idempotency-Key", $0)] } ?? [])
        let request = ClientRequest(.post, url + path, headers: headers, body: Array(body.utf8))
        let answer = try HTTPClient(ClientSettings()).send(request)
        #expect(answer.status == 200, "\(upstream.name)")
    }

    private func tally(_ upstream: any CrashUpstream) throws -> CrashTally {
        var arrivals = CrashArrivals(messages: 4)
        try upstream.enter(into: &arrivals)
        return arrivals.tally(upstream.name, acknowledged: [1, 2, 3])
    }

    private func expectNoticed(_ upstream: any CrashUpstream, differing: Int = 1) throws {
        let tally = try tally(upstream)
        #expect(tally.lost == [3], "\(upstream.name)")
        #expect(tally.doubled == [1], "\(upstream.name)")
        #expect(tally.differing == differing, "\(upstream.name)")
    }

    private func envelope(_ number: Int, as id: String, note: Int = 0) -> String {
        #"{"hdr":{"deviceId":"d","msgId":"\#(id)"},"seq":\#(number),"#
            + #""pack":[{"id":"crash.number","v":\#(number)},{"id":"note","v":\#(note)}]}"#
    }

    private func sendEnvelopes(to upstream: any CrashUpstream, _ path: String, in wrapper: String) throws {
        for body in [envelope(1, as: "a"), envelope(1, as: "b"), envelope(2, as: "c"), envelope(2, as: "c", note: 1)] {
            try post(upstream, path, #"{"\#(wrapper)":\#(body)}"#)
        }
    }

    @Test func whatIsLostDoubledOrChangedOnItsWayToTheMASIsNoticed() throws {
        let mas = try CrashMAS()
        try sendEnvelopes(to: mas, "/api/iot/envelope/ingest", in: "envelope")
        try expectNoticed(mas)
    }

    @Test func whatIsLostDoubledOrChangedOnItsWayToMINDEXIsNoticed() throws {
        let mindex = try CrashMINDEX()
        try sendEnvelopes(to: mindex, "/api/mindex/telemetry/envelope", in: "envelope")
        try expectNoticed(mindex)
    }

    @Test func whatIsLostDoubledOrChangedOnItsWayToMycorrhizaeIsNoticed() throws {
        let broker = try CrashMycorrhizae()
        try sendEnvelopes(to: broker, "/api/channels/device.d.telemetry/publish", in: "payload")
        try expectNoticed(broker)
    }

    @Test func whatIsLostDoubledOrChangedOnItsWayToTheWebsiteIsNoticed() throws {
        let site = try CrashWebsite()
        for (number, id, note) in [(1, "a", 0), (1, "b", 0), (2, "c", 0), (2, "c", 1)] {
            try post(
                site, "/api/devices/ingest",
                #"{"deviceId":"d","sensors":{"crash.number":\#(number),"n":\#(note)},"raw":{"msgId":"\#(id)"}}"#)
        }
        try expectNoticed(site)
    }

    @Test func whatIsLostDoubledOrChangedOnItsWayToACollectorIsNoticed() throws {
        let lake = try CrashLake()
        let first = #"{"readings":[{"id":"crash.number","v":1}]}"#
        let second = #"{"readings":[{"id":"crash.number","v":2}]}"#
        for (body, key) in [(first, "a"), (first, "b"), (second, "c"), (second + "\n", "c")] {
            try post(lake, "/", body, key: key)
        }
        try expectNoticed(lake)
    }

    @Test func whatIsLostDoubledOrChangedOnItsWayToInfluxIsNoticed() throws {
        let influx = try CrashInflux()
        for line in ["d=1 value=1 1", "d=1 value=1 2", "d=1 value=2 3", "d=1 value=2,n=1 3"] {
            try post(influx, "/write", "crash.number,\(line)")
        }
        try expectNoticed(influx)
    }

    @Test func whatIsStoredTwiceAtNATSIsNoticed() throws {
        var arrivals = CrashArrivals(messages: 4)
        for (number, sequence) in [(1, "1"), (1, "2"), (2, "3")] { arrivals.note(number, as: sequence) }
        let tally = arrivals.tally("hub", acknowledged: [1, 2, 3])
        #expect(tally.lost == [3])
        #expect(tally.doubled == [1])
        #expect(!tally.isClean)
    }
}
