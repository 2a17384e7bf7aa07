public import GatewayModel
internal import JSONText

/// Records as the pull side, `tail --json`, HTTP destinations and the live feed give them: one line of JSON each
/// (contract, "Shapes that others parse").
///
/// Keeps rendered names, so make one for each consumer and reuse it.
public struct RecordJSON: Sendable {
    private let identity: RecordIdentity
    private var names = RenderedNames(escaping: .minimal)

    public init(gateway: String, epoch: String) {
        identity = RecordIdentity(gateway: gateway, epoch: epoch)
    }

    /// The line of one record, without its newline.
    public mutating func text(_ record: StoredRecord) -> String {
        var bytes: [UInt8] = []
        append(record, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the line of one record, without its newline.
    public mutating func append(_ record: StoredRecord, to bytes: inout [UInt8]) {
        var writer = JSONWriter(reusing: bytes)
        // Leaves the writer the only owner, so that it appends in place.
        bytes = []
        writer.beginObject()
        if record.stream == .readings { writeReadings(record, to: &writer) } else { writeNote(record, to: &writer) }
        writer.endObject()
        bytes = writer.finish()
    }

    /// Appends the line that stands for records which are no longer there, without its newline.
    public func append(_ gap: StreamGap, to bytes: inout [UInt8]) {
        var writer = JSONWriter(reusing: bytes)
        bytes = []
        writer.beginObject()
        writer.key("gap")
        writer.beginObject()
        writer.key("from")
        writer.integer(gap.from.rawValue)
        writer.key("to")
        writer.integer(gap.to.rawValue)
        writer.key("count")
        writer.integer(gap.count)
        writer.key("reason")
        writer.string(gap.reason)
        writer.endObject()
        writer.endObject()
        bytes = writer.finish()
    }

    private mutating func writeReadings(_ record: StoredRecord, to writer: inout JSONWriter) {
        let id = writeHead(record, to: &writer)
        writer.key("device_seq")
        if let seq = record.deviceSeq { writer.unsigned(seq) } else { writer.null() }
        writer.key("msg_id")
        writer.string(record.messageID ?? identity.derivedMessageID(id))
        let time = RecordTime(record)
        writer.key("time")
        writer.time(time.timestamp.milliseconds)
        writer.key("time_trusted")
        writer.bool(time.timestamp.trusted)
        writer.key("time_source")
        writer.string(time.source.rawValue)
        writeReception(record, to: &writer)
        writer.key("source")
        writer.string(record.source.name)
        writer.key("readings")
        writer.beginArray()
        for reading in record.readings { write(reading, to: &writer) }
        writer.endArray()
        writer.key("flags")
        writer.beginArray()
        for (flag, name) in RecordFlags.names where record.flags.contains(flag) { writer.string(name.description) }
        writer.endArray()
        writer.key("device_boot")
        writer.integer(record.deviceBoot)
        // A time nobody vouches for is told all the same, under another name.
        if let time = record.deviceTime, !time.trusted {
            writer.key("device_time")
            writer.time(time.milliseconds)
        }
    }

    private func writeNote(_ record: StoredRecord, to writer: inout JSONWriter) {
        _ = writeHead(record, to: &writer)
        writer.key("kind")
        writer.string(record.kind ?? "")
        writer.key("body")
        let body = record.body ?? "{}"
        if body.utf8.first == UInt8(ascii: "{"), !body.utf8.contains(0x0A) {
            writer.raw(body)
        } else {
            writer.beginObject()
            writer.key("text")
            writer.string(body)
            writer.endObject()
        }
        writer.key("time_trusted")
        writer.bool(record.received.wall.trusted)
        writeReception(record, to: &writer)
    }

    private func writeHead(_ record: StoredRecord, to writer: inout JSONWriter) -> [UInt8] {
        writer.key("seq")
        writer.integer(record.seq.rawValue)
        let id = identity.bytes(of: record)
        writer.key("id")
        id.withUnsafeBufferPointer { writer.string(utf8: $0) }
        writer.key("device")
        if let device = record.device { writer.string(device.text) } else { writer.null() }
        return id
    }

    private func writeReception(_ record: StoredRecord, to writer: inout JSONWriter) {
        writer.key("received")
        writer.time(record.received.wall.milliseconds)
        writer.key("boot")
        writer.string(record.boot)
        writer.key("mono_ms")
        writer.integer(record.received.monotonicMilliseconds)
    }

    private mutating func write(_ reading: Reading, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("id")
        writer.raw { names.append(reading.metric, to: &$0) }
        writer.key("v")
        switch reading.value {
        case .number(let value): writer.shortNumber(value)
        case .flag(let value): writer.bool(value)
        case .text(let value): writer.string(value)
        }
        writer.key("u")
        writer.raw { names.append(reading.unit, to: &$0) }
        writer.key("q")
        writer.string(reading.quality.name)
        writer.endObject()
    }
}

extension JSONWriter {
    /// A moment as RFC 3339 with milliseconds, in UTC.
    mutating func time(_ milliseconds: Int64) { quoted { RFC3339.append(milliseconds, to: &$0) } }
}
