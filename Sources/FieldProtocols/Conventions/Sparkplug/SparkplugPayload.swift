/// A payload of Sparkplug B, borrowed: its head is read at once, its metrics one by one.
struct SparkplugPayload {
    /// Metrics of one payload that are read.
    static let metricCountMax = 5_000

    /// Unix milliseconds.
    private(set) var timestamp: UInt64?
    /// 0…255; nil in commands and deaths of nodes.
    private(set) var seq: UInt64?
    private(set) var metricCount = 0
    private let bytes: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) throws(ProtobufError) {
        self.bytes = bytes
        var reader = ProtobufReader(bytes)
        while let field = try reader.next() {
            switch (field.number, field.value) {
            case (1, .varint(let time)): timestamp = time
            case (2, .bytes): metricCount += 1
            case (3, .varint(let seq)): self.seq = seq
            case (4, .bytes), (5, .bytes): break
            case (1...5, _): throw ProtobufError(reason: .badField, offset: reader.offset)
            default: break
            }
        }
    }

    /// Calls `body` with each metric, at most `metricCountMax`; false if there are more.
    @discardableResult
    func forEachMetric<E: Error>(
        _ body: (SparkplugMetric) throws(E) -> Void, failed: (ProtobufError) -> E
    ) throws(E) -> Bool {
        var reader = ProtobufReader(bytes)
        var count = 0
        while true {
            let metric: SparkplugMetric
            do throws(ProtobufError) {
                guard let field = try reader.next() else { return true }
                guard field.number == 2, let content = field.bytes else { continue }
                guard count < Self.metricCountMax else { return false }
                let end = reader.offset
                do throws(ProtobufError) { metric = try SparkplugMetric(content) } catch {
                    throw ProtobufError(reason: error.reason, offset: end - content.count + error.offset)
                }
            } catch { throw failed(error) }
            count += 1
            try body(metric)
        }
    }

    /// Reads everything once; throws if any metric is malformed.
    func check() throws(RejectReason) {
        try forEachMetric({ (_) throws(RejectReason) in }, failed: { _ in .protobuf })
    }

    /// The number of the node's session, which its birth and its death carry.
    func sessionNumber() throws(ProtobufError) -> UInt64? {
        var found: UInt64?
        try forEachMetric(
            { (metric) throws(ProtobufError) in
                guard found == nil, let name = metric.name, name.count == 5, name.elementsEqual("bdSeq".utf8) else {
                    return
                }
                switch metric.raw {
                case .int(let bits): found = UInt64(bits)
                case .long(let bits): found = bits
                default: break
                }
            }, failed: { $0 })
        return found
    }

    /// The command that asks a node for its birth again (section 6.4.27 ff., `Node Control/Rebirth`).
    static func rebirth(at milliseconds: Int64) -> [UInt8] {
        var metric = ProtobufWriter()
        metric.text(1, "Node Control/Rebirth")
        metric.varint(3, UInt64(clamping: milliseconds))
        metric.varint(4, UInt64(SparkplugType.boolean.rawValue))
        metric.varint(14, 1)
        var payload = ProtobufWriter()
        payload.varint(1, UInt64(clamping: milliseconds))
        payload.bytes(2, metric.bytes)
        return payload.bytes
    }
}
