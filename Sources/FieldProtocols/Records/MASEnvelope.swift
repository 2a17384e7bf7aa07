internal import Crypto
public import GatewayModel
internal import JSONText

/// Records as the MAS takes them at `POST /api/iot/envelope/ingest` (field reference, sections 4.4 and 6.5).
///
/// The body of a record never changes, so that a retry is the same request again. Keeps rendered names: reuse it.
public struct MASEnvelope: Sendable {
    private let identity: RecordIdentity
    private var heads = ReadingHeads()
    private var scratch: [UInt8] = []
    private var names = Digester(.sha1)
    private var hashes = Digester(.sha256)

    public init(gateway: String, epoch: String) {
        identity = RecordIdentity(gateway: gateway, epoch: epoch)
    }

    /// Where one record's body stands in a buffer, and what it is called.
    public struct Place: Sendable {
        public var body: Range<Int>
        /// The message id, unless it is the device's own: that may be escaped in the body.
        public var derivedID: Range<Int>?

        /// The message id of the record that stands here.
        public func messageID(of record: borrowing StoredRecord, in bytes: [UInt8]) -> String {
            derivedID.map { String(decoding: bytes[$0], as: UTF8.self) } ?? record.messageID ?? ""
        }
    }

    /// The body for one record of the `readings` stream; nil for a record without a device.
    public mutating func body(_ record: StoredRecord) -> [UInt8]? {
        var bytes: [UInt8] = []
        return append(record, to: &bytes) == nil ? nil : bytes
    }

    /// Appends what `body(_:)` gives. Many records share a buffer: none of them then has memory of its own.
    public mutating func append(_ record: borrowing StoredRecord, to bytes: inout [UInt8]) -> Place? {
        append(record, isWrapped: true, to: &bytes)
    }

    /// Appends the envelope by itself, without the object around it that the MAS wants.
    public mutating func appendBare(_ record: borrowing StoredRecord, to bytes: inout [UInt8]) -> Place? {
        append(record, isWrapped: false, to: &bytes)
    }

    private mutating func append(
        _ record: borrowing StoredRecord, isWrapped: Bool, to bytes: inout [UInt8]
    ) -> Place? {
        guard let device = record.device else { return nil }
        let start = bytes.count
        var derivedID: Range<Int>?
        if isWrapped { bytes.append(Fixed.envelope) }
        let canonicalStart = bytes.count
        // Keys are written in sorted order, without spaces and in ASCII: the text that the hash covers.
        bytes.append(Fixed.device)
        Self.quote(device.text, in: &bytes)
        bytes.append(Fixed.message)
        if let own = record.messageID {
            Self.quote(own, in: &bytes)
        } else {
            bytes.append(UInt8(ascii: "\""))
            let first = bytes.count
            identity.appendDerivedMessageID(of: record, scratch: &scratch, with: &names, to: &bytes)
            derivedID = first..<bytes.count
            bytes.append(UInt8(ascii: "\""))
        }
        bytes.append(Fixed.proto)
        bytes.append(contentsOf: record.source.envelopeProto.utf8)
        bytes.append(Fixed.meta)
        heads.prepare(record.readings, Self.writeHead)
        heads.withHeads { heads in
            for index in record.readings.indices {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                Self.write(record.readings[index], heads, to: &bytes)
            }
        }
        bytes.append(Fixed.seq)
        NumberText.append(UInt64(record.upstreamSeq), to: &bytes)
        bytes.append(Fixed.monotonic)
        NumberText.append(record.received.monotonicMilliseconds, to: &bytes)
        bytes.append(Fixed.utc)
        RFC3339.append(RecordTime(record).timestamp.milliseconds, to: &bytes)
        bytes.append(Fixed.end)
        sign(from: canonicalStart, &bytes)
        if !isWrapped { bytes.removeLast() }
        return Place(body: start..<bytes.count, derivedID: derivedID)
    }

    /// The pieces between the values: constants without reference counts.
    private enum Fixed {
        static let device: StaticString = #"{"hdr":{"deviceId":"#
        static let message: StaticString = #","msgId":"#
        static let proto: StaticString = #","proto":""#
        static let meta: StaticString = #""},"meta":{"schema":"mycosoft.v1","units":"si"},"pack":["#
        static let metric: StaticString = #"{"id":"#
        static let quality: StaticString = #","q":"#
        static let unit: StaticString = #","u":"#
        static let value: StaticString = #","v":"#
        static let seq: StaticString = #"],"seq":"#
        static let monotonic: StaticString = #","ts":{"mono_ms":"#
        static let utc: StaticString = #","utc":""#
        static let end: StaticString = #""}}"#
        static let envelope: StaticString = #"{"envelope":"#
        static let hash: StaticString = #","hash":"sha256:"#
    }

    private static func write(_ reading: Reading, _ heads: ReadingHeads.Lent, to bytes: inout [UInt8]) {
        if let head = heads[reading] { bytes.append(contentsOf: head) } else { writeHead(reading, to: &bytes) }
        switch reading.value {
        case .number(let value): NumberText.appendShort(value, to: &bytes)
        // Databases behind the MAS keep numbers only.
        case .flag(let value): bytes.append(value ? UInt8(ascii: "1") : UInt8(ascii: "0"))
        case .text(let value): quote(value, in: &bytes)
        }
        bytes.append(UInt8(ascii: "}"))
    }

    private static func writeHead(_ reading: Reading, to bytes: inout [UInt8]) {
        bytes.append(Fixed.metric)
        quote(reading.metric.text, in: &bytes)
        bytes.append(Fixed.quality)
        bytes.append(UInt8(ascii: "0") + reading.quality.envelopeCode)
        bytes.append(Fixed.unit)
        quote(reading.unit.code, in: &bytes)
        bytes.append(Fixed.value)
    }

    private static func quote(_ text: String, in bytes: inout [UInt8]) {
        var writer = JSONWriter(reusing: bytes, escaping: .ascii)
        // Leaves the writer the only owner, so that it appends in place.
        bytes = []
        writer.string(text)
        bytes = writer.finish()
    }

    /// Puts the hash of the canonical text into it, before its last brace, and closes the envelope.
    private mutating func sign(from start: Int, _ bytes: inout [UInt8]) {
        scratch.removeAll(keepingCapacity: true)
        bytes.withUnsafeBytes { text in
            hashes.withHash(of: UnsafeRawBufferPointer(rebasing: text[start...])) { Hex.append($0, to: &scratch) }
        }
        bytes.removeLast()
        bytes.append(Fixed.hash)
        bytes.append(contentsOf: scratch)
        bytes.append(Fixed.end)
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

extension [UInt8] {
    fileprivate mutating func append(_ text: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}
