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
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256 + 96 * record.readings.count)
        bytes.append(contentsOf: Fixed.device)
        quote(device.text, in: &bytes)
        bytes.append(contentsOf: Fixed.message)
        quote(messageID, in: &bytes)
        bytes.append(contentsOf: Fixed.proto)
        bytes.append(contentsOf: record.source.envelopeProto.utf8)
        bytes.append(contentsOf: Fixed.meta)
        for index in record.readings.indices {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            write(record.readings[index], to: &bytes)
        }
        bytes.append(contentsOf: Fixed.seq)
        NumberText.append(UInt64(record.upstreamSeq), to: &bytes)
        bytes.append(contentsOf: Fixed.monotonic)
        NumberText.append(record.received.monotonicMilliseconds, to: &bytes)
        bytes.append(contentsOf: Fixed.utc)
        RFC3339.append(RecordTime(record).timestamp.milliseconds, to: &bytes)
        bytes.append(contentsOf: Fixed.end)
        return wrapped(bytes)
    }

    /// The pieces between the values: rendered once, since every record has them.
    private enum Fixed {
        static let device = Array(#"{"hdr":{"deviceId":"#.utf8)
        static let message = Array(#","msgId":"#.utf8)
        static let proto = Array(#","proto":""#.utf8)
        static let meta = Array(#""},"meta":{"schema":"mycosoft.v1","units":"si"},"pack":["#.utf8)
        static let metric = Array(#"{"id":"#.utf8)
        static let quality = Array(#","q":"#.utf8)
        static let unit = Array(#","u":"#.utf8)
        static let value = Array(#","v":"#.utf8)
        static let seq = Array(#"],"seq":"#.utf8)
        static let monotonic = Array(#","ts":{"mono_ms":"#.utf8)
        static let utc = Array(#","utc":""#.utf8)
        static let end = Array(#""}}"#.utf8)
        static let envelope = Array(#"{"envelope":"#.utf8)
        static let hash = Array(#","hash":"sha256:"#.utf8)
    }

    private mutating func write(_ reading: Reading, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: Fixed.metric)
        names.append(reading.metric, to: &bytes)
        bytes.append(contentsOf: Fixed.quality)
        bytes.append(UInt8(ascii: "0") + reading.quality.envelopeCode)
        bytes.append(contentsOf: Fixed.unit)
        names.append(reading.unit, to: &bytes)
        bytes.append(contentsOf: Fixed.value)
        switch reading.value {
        case .number(let value): NumberText.appendShort(value, to: &bytes)
        // Databases behind the MAS keep numbers only.
        case .flag(let value): bytes.append(value ? UInt8(ascii: "1") : UInt8(ascii: "0"))
        case .text(let value): quote(value, in: &bytes)
        }
        bytes.append(UInt8(ascii: "}"))
    }

    private func quote(_ text: String, in bytes: inout [UInt8]) {
        var writer = JSONWriter(reusing: bytes, escaping: .ascii)
        // Leaves the writer the only owner, so that it appends in place.
        bytes = []
        writer.string(text)
        bytes = writer.finish()
    }

    /// Puts the hash behind the canonical text and the whole under `envelope`.
    private func wrapped(_ canonical: [UInt8]) -> [UInt8] {
        var body: [UInt8] = []
        body.reserveCapacity(canonical.count + 128)
        body.append(contentsOf: Fixed.envelope)
        body.append(contentsOf: canonical.dropLast())
        body.append(contentsOf: Fixed.hash)
        body.append(contentsOf: Hex.encode(SHA256.hash(canonical)).utf8)
        body.append(contentsOf: Fixed.end)
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
    fileprivate var envelopeCode: UInt8 {
        switch self {
        case .ok: 0
        case .warn, .stale, .old: 1
        case .bad: 2
        }
    }
}
