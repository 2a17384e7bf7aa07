internal import FieldProtocols
internal import GatewayModel
internal import JSONText

/// Records as lines of InfluxDB line protocol (docs/operate/upstream.md, "InfluxDB").
///
/// One line a reading: the metric is the measurement, `device`, `unit`, `quality` and `gateway` are tags. A number is the
/// field `value` (float), a switch `flag` (boolean), a word `text` (string): a field of one name never changes its type.
struct InfluxLines: Sendable {
    /// Times that InfluxDB can hold, in milliseconds: 1677-09-21 to 2262-04-11.
    private static let times: ClosedRange<Int64> = -9_223_372_036_000...9_223_372_036_000

    private let gatewayTag: [UInt8]

    init(gateway: String) {
        var bytes = Array(",gateway=".utf8)
        Self.appendTag(gateway, to: &bytes)
        gatewayTag = bytes
    }

    func render(_ record: borrowing StoredRecord, to bytes: inout [UInt8]) -> Rendering {
        let time = RecordTime(record).timestamp.milliseconds
        guard Self.times.contains(time) else { return .unfit("its time is out of InfluxDB's range") }
        if record.stream != .readings {
            note(record, time, to: &bytes)
            return .rendered()
        }
        var written: [MetricName: Int64] = [:]
        for reading in record.readings {
            let place = written[reading.metric, default: 0]
            written[reading.metric] = place + 1
            line(reading, record, Self.nanoseconds(time, record.seq, place), to: &bytes)
        }
        return written.isEmpty ? .nothing : .rendered()
    }

    /// Below the millisecond stands where the record has its number: two records of one device in one millisecond are two
    /// points, and one that is written again is the same point.
    private static func nanoseconds(_ milliseconds: Int64, _ seq: SequenceNumber, _ place: Int64) -> Int64 {
        milliseconds * 1_000_000 + seq.rawValue % 10_000 * 100 + min(place, 99)
    }

    private func line(
        _ reading: Reading, _ record: borrowing StoredRecord, _ time: Int64, to bytes: inout [UInt8]
    ) {
        Self.appendName(reading.metric.text, to: &bytes)
        if let device = record.device { Self.append(",device=", tag: device.text, to: &bytes) }
        bytes.append(contentsOf: gatewayTag)
        Self.append(",quality=", tag: reading.quality.name, to: &bytes)
        if !reading.unit.code.isEmpty { Self.append(",unit=", tag: reading.unit.code, to: &bytes) }
        switch reading.value {
        case .number(let value):
            bytes.append(contentsOf: " value=".utf8)
            NumberText.appendShort(value, to: &bytes)
        case .flag(let value): bytes.append(contentsOf: value ? " flag=true".utf8 : " flag=false".utf8)
        case .text(let value):
            bytes.append(contentsOf: " text=".utf8)
            Self.appendText(value, to: &bytes)
        }
        end(record.seq, time, to: &bytes)
    }

    /// A record of another stream: the stream is the measurement, the kind a tag, the particulars the field `body`.
    private func note(_ record: borrowing StoredRecord, _ time: Int64, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: record.stream.rawValue.utf8)
        if let device = record.device { Self.append(",device=", tag: device.text, to: &bytes) }
        bytes.append(contentsOf: gatewayTag)
        if let kind = record.kind, !kind.isEmpty { Self.append(",kind=", tag: kind, to: &bytes) }
        bytes.append(contentsOf: " body=".utf8)
        Self.appendText(record.body ?? "{}", to: &bytes)
        end(record.seq, Self.nanoseconds(time, record.seq, 0), to: &bytes)
    }

    private func end(_ seq: SequenceNumber, _ time: Int64, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: ",seq=".utf8)
        NumberText.append(seq.rawValue, to: &bytes)
        bytes.append(contentsOf: "i ".utf8)
        NumberText.append(time, to: &bytes)
        bytes.append(UInt8(ascii: "\n"))
    }

    private static func append(_ key: StaticString, tag: String, to bytes: inout [UInt8]) {
        key.withUTF8Buffer { bytes.append(contentsOf: $0) }
        appendTag(tag, to: &bytes)
    }

    /// Of a measurement: commas and spaces are escaped.
    private static func appendName(_ text: String, to bytes: inout [UInt8]) {
        for byte in text.utf8 { escape(byte, byte == UInt8(ascii: ",") || byte == 0x20, to: &bytes) }
    }

    /// Of a tag's value: commas, equals signs and spaces are escaped. It must not be empty.
    private static func appendTag(_ text: String, to bytes: inout [UInt8]) {
        for byte in text.utf8 {
            escape(byte, byte == UInt8(ascii: ",") || byte == UInt8(ascii: "=") || byte == 0x20, to: &bytes)
        }
    }

    private static func escape(_ byte: UInt8, _ isSpecial: Bool, to bytes: inout [UInt8]) {
        if isSpecial { bytes.append(UInt8(ascii: "\\")) }
        switch byte {
        // A backslash cannot be escaped there and would change the byte behind it; line ends end the line.
        case UInt8(ascii: "\\"): bytes.append(UInt8(ascii: "/"))
        case 0x00...0x1F: bytes.append(UInt8(ascii: "_"))
        default: bytes.append(byte)
        }
    }

    /// The value of a string field, quoted. Line ends, which older servers take for the end of the line, become spaces.
    private static func appendText(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0x00...0x1F: bytes.append(0x20)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
