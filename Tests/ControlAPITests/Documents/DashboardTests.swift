import ControlAPI
import GatewayModel
import GatewayTestKit
import HTTPServer
import Journal
import Testing

/// The page of `GET /`.
struct DashboardTests {
    private func page(_ site: PullSite) async throws -> String {
        let answer = try await site.get("/")
        #expect(answer.status == 200)
        #expect(answer.headers["Content-Type"] == "text/html; charset=utf-8")
        #expect(answer.headers["Content-Security-Policy"]?.hasPrefix("default-src 'none'") == true)
        return String(decoding: answer.body, as: UTF8.self)
    }

    @Test func whatIsGoneIsShownWithItsReasonAndItsCount() async throws {
        let site = try PullSite(segmentSize: 64 << 10, maxBytes: 256 << 10)
        #expect(try await !page(site).contains("<h2>Gone"))
        for round in 0..<60 { try site.store(round * 1_000..<(round + 1) * 1_000) }
        let losses = site.journal.losses(of: .readings)
        let loss = try #require(losses.last)
        let page = try await page(site)
        #expect(page.contains("<h2>Gone"))
        #expect(
            page.contains(
                "<td class=\"n\">\(loss.gap.from)<td class=\"n\">\(loss.gap.to)<td class=\"n\">\(loss.gap.count)"))
        #expect(page.contains("<td>\(loss.gap.reason)"))
    }

    @Test func devicesAndDestinationsAreShownAndTheirWordsStayText() async throws {
        let site = try PullSite()
        try site.store(0..<7)
        var batch = ObservationBatch()
        let device = try #require(DeviceID("board-2").flatMap { DeviceName($0) })
        batch.append(Reading(MetricName(known: "note"), .text("<script>alert('&\"')</script>")))
        batch.append(Observation(device: device, received: site.clock.now(), source: .mqtt))
        try site.store(batch)
        let page = try await page(site)
        #expect(page.contains("<td>board-1<td class=\"ok\">online"))
        #expect(page.contains("x <b>6</b>"))
        #expect(page.contains("<td>mas<td>mas<td class=\"bad\">held"))
        #expect(page.contains("&lt;script&gt;alert(&#39;&amp;&quot;&#39;)&lt;/script&gt;"))
        #expect(!page.contains("<script"))
    }
}
