internal import GatewayModel
internal import JSONText

/// Names of metrics and units as JSON, rendered once: the names of a site are few and printed with every reading.
struct RenderedNames: Sendable {
    private var metrics: [[UInt8]] = []
    private var units: [[UInt8]] = []
    private let escaping: JSONWriter.Escaping

    init(escaping: JSONWriter.Escaping) { self.escaping = escaping }

    /// The quoted name.
    mutating func metric(_ name: MetricName) -> [UInt8] {
        let index = Int(name.index)
        if index < metrics.count, !metrics[index].isEmpty { return metrics[index] }
        while metrics.count <= index { metrics.append([]) }
        metrics[index] = quoted(name.text)
        return metrics[index]
    }

    /// The quoted code.
    mutating func unit(_ unit: Unit) -> [UInt8] {
        let index = Int(unit.index)
        if index < units.count, !units[index].isEmpty { return units[index] }
        while units.count <= index { units.append([]) }
        units[index] = quoted(unit.code)
        return units[index]
    }

    /// Appends the quoted name.
    mutating func append(_ name: MetricName, to bytes: inout [UInt8]) {
        let index = Int(name.index)
        if index >= metrics.count || metrics[index].isEmpty { _ = metric(name) }
        bytes.append(contentsOf: metrics[index])
    }

    /// Appends the quoted code.
    mutating func append(_ unit: Unit, to bytes: inout [UInt8]) {
        let index = Int(unit.index)
        if index >= units.count || units[index].isEmpty { _ = self.unit(unit) }
        bytes.append(contentsOf: units[index])
    }

    private func quoted(_ text: String) -> [UInt8] {
        var writer = JSONWriter(escaping: escaping)
        writer.string(text)
        return writer.bytes
    }
}
