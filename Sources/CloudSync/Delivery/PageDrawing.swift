internal import FieldProtocols
internal import GatewayModel

/// Renders pages: all records of a page in one buffer. Confined to the reading thread; an object, since both ends of a visit
/// draw on it.
final class PageDrawing<Format: RecordRendering> {
    private let source: DeliverySource
    private let identity: RecordIdentity
    private var format: Format
    private var page: DeliveryReader.Page
    private var bytes: [UInt8] = []
    /// Where the records and their identities stand in `bytes`.
    private var places: [(record: Range<Int>, identity: Range<Int>)] = []
    private var last = SequenceNumber.zero
    private var byteCountUsual = 0

    init(_ stream: Int, _ source: DeliverySource, gateway: String, _ format: Format) {
        self.source = source
        self.format = format
        identity = RecordIdentity(gateway: gateway, epoch: source.epoch)
        page = DeliveryReader.Page(stream: stream, next: .zero)
    }

    /// Reads and renders one page.
    func draw(after: SequenceNumber, limit: Int) throws -> DeliveryReader.Page {
        page = DeliveryReader.Page(stream: page.stream, next: after)
        page.records.reserveCapacity(limit)
        page.items.reserveCapacity(limit)
        bytes = []
        bytes.reserveCapacity(byteCountUsual)
        places.removeAll(keepingCapacity: true)
        last = after
        (page.next, page.more) = try source.visit(after, limit) { gap in
            let start = bytes.count
            enter(gap.to, device: nil, from: start, format.render(gap, of: source.stream, to: &bytes))
        } _: { record in
            let start = bytes.count
            enter(record.seq, device: record.device, from: start, format.render(record, to: &bytes))
        }
        // Records may wait for an upstream for days: a page of a few must not keep the room of a full one.
        if bytes.capacity > 2 * bytes.count { bytes = bytes.withUnsafeBufferPointer { Array($0) } }
        for (index, place) in places.enumerated() {
            page.items[index].bytes = bytes[place.record]
            page.items[index].identity = bytes[place.identity]
        }
        byteCountUsual = max(byteCountUsual, min(bytes.count, 1 << 20))
        defer { page = DeliveryReader.Page(stream: page.stream, next: .zero) }
        return page
    }

    private func enter(_ seq: SequenceNumber, device: DeviceID?, from start: Int, _ rendering: Rendering) {
        var obstacle: String?
        var name = ""
        var standing: Range<Int>?
        switch rendering {
        case .rendered(let identity): name = identity
        case .named(let range): standing = range
        case .nothing: return bytes.removeSubrange(start...)
        case .unfit(let reason):
            obstacle = reason
            bytes.removeSubrange(start...)
        }
        // Once more what was read before: damage in the middle of a page.
        guard seq > last else { return bytes.removeSubrange(start...) }
        last = seq
        let end = bytes.count
        if standing == nil {
            bytes.append(contentsOf: (name.isEmpty ? identity.id(of: source.stream, seq) : name).utf8)
        }
        places.append((start..<end, standing ?? end..<bytes.count))
        page.records.append(PushMachine.Record(seq: seq, device: device, byteCount: end - start, obstacle: obstacle))
        page.items.append(DeliveryItem(seq: seq, device: device, bytes: [], identity: []))
    }
}
