import Drivers
import GatewayModel
import HTTPServer
import Journal
import JSONText

extension ControlRoutes {
    var calibrationRoutes: [Route] {
        [
            Route(
                .get, "/api/v1/devices/{id}/calibrations", scope: .readReadings,
                "What is added to the values of a device", tag: "devices",
                answers: [.init(200, "The calibrations, with who set them and when"), .problem(404, "No such device")]
            ) { request in
                let id = try device(request.path("id"))
                let list = try sources.conditioning.calibrations().filter { $0.device == id }
                return Self.json(["calibrations": .array(list.map(Self.json))])
            },
            Route(
                .post, "/api/v1/devices/{id}/calibrations", scope: .writeCommands,
                "Sets what is added to the values of one metric of a device", tag: "devices",
                body: .init(
                    "`metric` and `offset` in the metric's unit; 0 removes it",
                    schema: [
                        "type": "object", "required": ["metric", "offset"],
                        "properties": ["metric": ["type": "string"], "offset": ["type": "number"]],
                    ]),
                answers: [
                    .init(200, "The calibration"), .problem(404, "No such device"), .problem(422, "Not a calibration"),
                    .problem(503, "The store does not take it now"),
                ],
                creates: true
            ) { request in
                let id = try device(request.path("id"))
                let body = try request.json()
                guard let metric = body["metric"]?.string, MetricName(metric) != nil else {
                    throw Problem(422, "invalid_metric", "`metric` must be the name of a metric")
                }
                guard let offset = body["offset"]?.double, offset.magnitude <= 1e9 else {
                    throw Problem(422, "invalid_offset", "`offset` must be a number from -1e9 to 1e9")
                }
                let warning = try offset == 0 ? nil : warning(about: metric, of: id)
                let calibration = Calibration(
                    device: id, metric: metric, offset: offset, origin: request.principal.origin, set: now.wall)
                try audit(
                    "calibration_set", device: id, by: request.principal,
                    ["metric": .string(metric), "offset": .number(offset)])
                do { try sources.conditioning.calibrate(calibration) } catch {
                    throw Problem(503, "store_unavailable", "\(error)")
                }
                var answer = Self.json(calibration).members ?? []
                if let warning { answer.append(.init(key: "warning", value: .string(warning))) }
                return Self.json(.object(answer))
            },
        ]
    }

    /// What is to be said of a metric that a device has not sent: one that sends others is refused, since a name that is
    /// mistyped would never have an effect.
    private func warning(about metric: String, of device: DeviceID) throws -> String? {
        let known = Set(try sources.journal.latest(device: device).map(\.reading.metric.text))
        if known.isEmpty { return "\(device) has not sent anything yet: nobody can say whether it has `\(metric)`" }
        if known.contains(metric) { return nil }
        let names = known.sorted().prefix(Self.namesMax).joined(separator: ", ")
        let rest = known.count > Self.namesMax ? " and \(known.count - Self.namesMax) more" : ""
        throw Problem(422, "unknown_metric", "\(device) has no `\(metric.prefix(64))`: it sends \(names)\(rest)")
    }

    private static let namesMax = 24

    private static func json(_ calibration: Calibration) -> JSON {
        [
            "device": .string(calibration.device.text), "metric": .string(calibration.metric),
            "offset": .number(calibration.offset), "set_by": .string(calibration.origin),
            "set_at": .time(calibration.set),
        ]
    }
}
