internal import Crypto
public import GatewayModel
internal import JSONText

/// Records as the MAS takes them at `POST /api/iot/envelope/ingest` (field reference, sections 4.4 and 6.5).
///
/// The body of a record never changes, so that a retry is the same request again. Keeps rendered names: reuse it.
public struct MASEnvelope: Sendable {
    private let identity: RecordIdentity
    private var names = RenderedNames(escaping: .ascii)

    public init(gateway: String, epoch: String) {
        identity = RecordIdentity(gateway: gateway, epoch: epoch)
    }

    /// The body for one record of the `readings` stream; nil for a record without a device.
    public mutating func body(_ record: StoredRecord) -> [UInt8]? {
        body(record, messageID: identity.messageID(of: record))
    }

    /// As `body(_:)`, with the record's message id as `RecordIdentity` gives it: deriving it twice costs as much as all
    /// numbers.
    public mutating func body(_ record: StoredRecord, messageID: String) -> [UInt8]? {
        guard let device = record.device else { return nil }
        // Keys are written in sorted order, without spaces and in ASCII: the text that the hash covers.
        var writer = JSONWriter(escaping: .ascii)
        writer.beginObject()
        writeHeader(record, device: device, messageID: messageID, to: &writer)
        writer.key("pack")
        writer.beginArray()
        for reading in record.readings { write(reading, to: &writer) }
        writer.endArray()
        writer.key("seq")
        writer.unsigned(record.upstreamSeq)
        writer.key("ts")
        writer.beginObject()
        writer.key("mono_ms")
        writer.integer(record.received.monotonicMilliseconds)
        writer.key("utc")
        writer.time(RecordTime(record).timestamp.milliseconds)
        writer.endObject()
        writer.endObject()
        return wrapped(writer.bytes)
    }

    private func writeHeader(
        _ record: StoredRecord, device: DeviceID, messageID: String, to writer: inout JSONWriter
    ) {
        writer.key("hdr")
        writer.beginObject()
        writer.key("deviceId")
        writer.string(device.text)
        writer.key("msgId")
        writer.string(messageID)
        writer.key("proto")
        writer.string(record.source.envelopeProto)
        writer.endObject()
        writer.key("meta")
        writer.beginObject()
        writer.key("schema")
        writer.string("mycosoft.v1")
        writer.key("units")
        writer.string("si")
        writer.endObject()
    }

    private mutating func write(_ reading: Reading, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("id")
        writer.raw(names.metric(reading.metric))
        writer.key("q")
        writer.integer(reading.quality.envelopeCode)
        writer.key("u")
        writer.raw(names.unit(reading.unit))
        writer.key("v")
        switch reading.value {
        case .number(let value): writer.shortNumber(value)
        // Databases behind the MAS keep numbers only.
        case .flag(let value): writer.integer(value ? 1 : 0)
        case .text(let value): writer.string(value)
        }
        writer.endObject()
    }

    /// Puts the hash behind the canonical text and the whole under `envelope`.
    private func wrapped(_ canonical: [UInt8]) -> [UInt8] {
        var body = Array("{\"envelope\":".utf8)
        body.reserveCapacity(canonical.count + 128)
        body.append(contentsOf: canonical.dropLast())
        body.append(contentsOf: ",\"hash\":\"sha256:\(Hex.encode(SHA256.hash(canonical)))\"}}".utf8)
        return body
    }
}

extension SourceKind {
    /// The name of the transport in an envelope's header.
    fileprivate var envelopeProto: String {
        switch self {
        case .mqtt: "mqtt"
        case .lora: "lorawan"
        default: "other"
        }
    }
}

extension Quality {
    /// 0 ok, 1 warn, 2 bad.
    fileprivate var envelopeCode: Int {
        switch self {
        case .ok: 0
        case .warn, .stale, .old: 1
        case .bad: 2
        }
    }
}
