import GatewayModel
import HTTPServer
import JSONText

extension ControlRoutes {
    var healthRoutes: [Route] {
        [
            Route(
                .get, "/health", scope: nil, "Whether the process lives", tag: "health",
                answers: [.init(200, "It does")]
            ) { _ in
                Self.json([
                    "status": "ok", "gateway_id": .string(sources.gateway.text), "version": .string(sources.version),
                ])
            },
            Route(
                .get, "/ready", scope: nil,
                "Whether messages can be taken in: journal writable, broker subscribed, listening",
                tag: "health", answers: [.init(200, "Ready"), .init(503, "Not ready, with the obstacles")]
            ) { _ in
                let obstacles = sources.obstacles()
                return Self.json(
                    ["ready": .bool(obstacles.isEmpty), "obstacles": .strings(obstacles)],
                    status: obstacles.isEmpty ? 200 : 503)
            },
            Route(
                .get, "/metrics", scope: .readReadings, "Counters and gauges for Prometheus", tag: "health",
                answers: [.init(200, "Text exposition format 0.0.4", contentType: MetricsText.contentType)]
            ) { _ in
                HTTPResponse(contentType: MetricsText.contentType, MetricsText.text(sources))
            },
        ]
    }
}
