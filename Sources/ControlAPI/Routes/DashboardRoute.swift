import Fleet
import HTTPServer
import JSONText

extension ControlRoutes {
    var dashboardRoute: Route {
        Route(
            .get, "/", scope: .readReadings, "What the gateway is doing, as a page for a browser", tag: "site",
            answers: [.init(200, "The page; it loads itself again", contentType: "text/html")]
        ) { _ in
            let now = now
            let devices = sources.devices.devices()
            let page = DashboardPage(
                status: StatusDocument.json(sources), sync: SyncDocument.json(sources),
                devices: devices.map { DeviceDocument.json($0, now: now) },
                latest: try devices.prefix(DashboardPage.rowsMax).flatMap { try latest($0.id).array ?? [] })
            var response = HTTPResponse(contentType: "text/html; charset=utf-8", page.html)
            response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
            response.headers["Cache-Control"] = "no-store"
            return response
        }
    }
}
