import Fleet
import GatewayModel
import HTTPServer
import Journal
import JSONText

extension ControlRoutes {
    var siteRoutes: [Route] {
        let limit = Parameter.integer("limit", 1...1_000, default: 100, "Devices on a page")
        let cursor = Parameter<String?>.optionalText("cursor", "The cursor of the page before")
        return [
            Route(
                .get, "/api/v1/status", scope: .readReadings, "What the gateway is doing", tag: "site",
                answers: [.init(200, "The status")]
            ) { _ in Self.json(StatusDocument.json(sources)) },
            Route(
                .get, "/api/v1/devices", scope: .readReadings, "The devices of the site, by id", tag: "site",
                parameters: [limit.declaration, cursor.declaration], answers: [.init(200, "A page of devices")]
            ) { request in
                let after = request[cursor] ?? ""
                let rest = sources.devices.devices().filter { $0.id.text > after }
                let page = rest.prefix(Int(request[limit]))
                let next = rest.count > page.count ? page.last?.id.text : nil
                let now = now
                return Self.json([
                    "devices": .array(page.map { DeviceDocument.json($0, now: now) }), "cursor": .optional(next),
                ])
            },
            Route(
                .get, "/api/v1/devices/{id}", scope: .readReadings, "One device with its latest readings", tag: "site",
                answers: [.init(200, "The device"), .problem(404, "No such device")]
            ) { request in
                let id = try device(request.path("id"))
                guard let device = sources.devices.device(id) else { throw Problem.notFound("no device `\(id)`") }
                var document = DeviceDocument.json(device, now: now).members ?? []
                document.append(.init(key: "latest", value: try latest(id)))
                return Self.json(.object(document))
            },
        ]
    }

    /// The newest value of each metric, of one device or of all.
    func latest(_ device: DeviceID?) throws -> JSON {
        let now = now
        var stale: [DeviceID: Bool] = [:]
        return .array(
            try sources.journal.latest(device: device).map { row in
                var row = row
                let isStale = stale[row.device] ?? sources.conditioning.isStale(row.device, now)
                stale[row.device] = isStale
                // The last good value of a device that should have spoken since; the record itself stays what it is.
                let hasExpired = isStale || sources.conditioning.hasExpired(row.device, row.reading.metric, now)
                if hasExpired, row.reading.quality == .ok || row.reading.quality == .warn {
                    row.reading.quality = .stale
                }
                return DeviceDocument.json(row)
            })
    }
}
