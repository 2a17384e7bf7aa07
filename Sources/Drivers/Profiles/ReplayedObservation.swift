internal import FieldProtocols
public import GatewayModel
public import JSONText

/// One observation of a replayed capture, in the words of `expected.jsonl`.
public struct ReplayedObservation: Sendable, Equatable {
    public var capture: String
    /// Where the capture names devices, as topics do.
    public var device: String?
    public var readings: [Reading]

    init(capture: String, device: String? = nil, readings: [Reading]) {
        self.capture = capture
        self.device = device
        self.readings = readings
    }

    /// As one line of `expected.jsonl`.
    public var json: JSON {
        var members: [JSON.Member] = [.init(key: "capture", value: .string(capture))]
        if let device { members.append(.init(key: "device", value: .string(device))) }
        let list = readings.map { reading -> JSON in
            let value: JSON =
                switch reading.value {
                case .number(let number):
                    Int64(exactly: number).flatMap { $0.magnitude < 1 << 53 ? JSON.integer($0) : nil }
                        ?? .number(number)
                case .flag(let flag): .bool(flag)
                case .text(let text): .string(text)
                }
            return [
                "id": .string(reading.metric.text), "v": value, "u": .string(reading.unit.code),
                "q": .string(reading.quality.name),
            ]
        }
        members.append(.init(key: "readings", value: .array(list)))
        return .object(members)
    }

    /// From a line of `expected.jsonl`; `u` may be left out where there is none, `q` where it is ok. Nil if it is none.
    public init?(_ json: JSON) {
        guard let capture = json["capture"]?.string, let list = json["readings"]?.array else { return nil }
        var readings: [Reading] = []
        for entry in list {
            guard let metric = entry["id"]?.string.flatMap({ MetricName($0) }),
                let unit = Unit(entry["u"]?.string ?? ""),
                let quality = Quality.allCases.first(where: { $0.name == entry["q"]?.string ?? "ok" })
            else { return nil }
            let value: Reading.Value
            if let number = entry["v"]?.double {
                value = .number(number)
            } else if let flag = entry["v"]?.bool {
                value = .flag(flag)
            } else if let text = entry["v"]?.string {
                value = .text(text)
            } else {
                return nil
            }
            readings.append(Reading(metric, value, unit: unit, quality: quality))
        }
        self.init(capture: capture, device: json["device"]?.string, readings: readings)
    }
}
