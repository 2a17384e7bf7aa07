internal import GatewayModel
internal import JSONText

/// Names of metrics and units as JSON, rendered once: the names of a site are few and printed with every reading.
struct RenderedNames: Sendable {
    /// All of them one after the other, and where each stands: to append one counts no references.
    private var text: [UInt8] = []
    private var metrics: [Range<Int>] = []
    private var units: [Range<Int>] = []
    private let escaping: JSONWriter.Escaping

    init(escaping: JSONWriter.Escaping) { self.escaping = escaping }

    /// Appends the quoted name.
    mutating func append(_ name: MetricName, to bytes: inout [UInt8]) {
        let index = Int(name.index)
        if index >= metrics.count || metrics[index].isEmpty { render(name.text, at: index, in: \.metrics) }
        append(metrics[index], to: &bytes)
    }

    /// Appends the quoted code.
    mutating func append(_ unit: Unit, to bytes: inout [UInt8]) {
        let index = Int(unit.index)
        if index >= units.count || units[index].isEmpty { render(unit.code, at: index, in: \.units) }
        append(units[index], to: &bytes)
    }

    private func append(_ place: Range<Int>, to bytes: inout [UInt8]) {
        text.withUnsafeBufferPointer { bytes.append(contentsOf: UnsafeBufferPointer(rebasing: $0[place])) }
    }

    private mutating func render(_ name: String, at index: Int, in places: WritableKeyPath<Self, [Range<Int>]>) {
        while self[keyPath: places].count <= index { self[keyPath: places].append(0..<0) }
        var writer = JSONWriter(escaping: escaping)
        writer.string(name)
        let start = text.count
        text.append(contentsOf: writer.bytes)
        self[keyPath: places][index] = start..<text.count
    }
}
