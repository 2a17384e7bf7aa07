internal import Crypto
internal import JSONText

/// Messages of MQTT in a capture: objects with `topic`, and `payload` (JSON, or a text) or `payload_hex`; one a line, or an
/// array of them. Anything else is one payload without a topic.
struct ConventionCapture {
    struct Message {
        /// Nil: the capture is a bare payload.
        var topic: String?
        var payload: [UInt8]
        var isRetained = false
        /// Where it stands in the capture; in an array the number of the element.
        var offset = 0
    }

    enum Item {
        case message(Message)
        case error(code: String, offset: Int)
    }

    /// The messages in their order.
    static func items(of bytes: UnsafeRawBufferPointer) -> [Item] {
        let start = bytes.firstIndex { $0 != 0x20 && !(0x09...0x0D).contains($0) } ?? bytes.count
        guard start < bytes.count, bytes[start] == UInt8(ascii: "{") || bytes[start] == UInt8(ascii: "[") else {
            return [bare(bytes)]
        }
        // A capture may be longer than one message; what is no JSON as a whole may still be lines of it.
        if let whole = try? JSON(parsing: bytes, byteCountMax: 64 << 20) {
            if isMessage(whole) { return [item(whole, offset: 0)] }
            if let elements = whole.array, let first = elements.first, isMessage(first) {
                return elements.enumerated().map { item($0.element, offset: $0.offset) }
            }
            return [bare(bytes)]
        }
        return lines(of: bytes)
    }

    private static func lines(of bytes: UnsafeRawBufferPointer) -> [Item] {
        var items: [Item] = []
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
            let line = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
            if !line.allSatisfy({ $0 == 0x20 || (0x09...0x0D).contains($0) }) {
                do throws(JSONError) {
                    let value = try JSON(parsing: line)
                    items.append(isMessage(value) ? item(value, offset: start) : bare(line, offset: start))
                } catch {
                    items.append(.error(code: error.code, offset: start))
                }
            }
            start = end + 1
        }
        return items
    }

    private static func isMessage(_ value: JSON) -> Bool {
        value["payload"] != nil || value["payload_hex"] != nil || value["hex"] != nil
    }

    private static func bare(_ bytes: UnsafeRawBufferPointer, offset: Int = 0) -> Item {
        .message(Message(topic: nil, payload: Array(bytes), offset: offset))
    }

    private static func item(_ value: JSON, offset: Int) -> Item {
        var message = Message(topic: value["topic"]?.string, payload: [], offset: offset)
        message.isRetained = value["retained"]?.bool ?? value["retain"]?.bool ?? false
        if let hex = (value["payload_hex"] ?? value["hex"])?.string {
            guard let bytes = Hex.decode(hex) else { return .error(code: "bad_hex", offset: offset) }
            message.payload = bytes
        } else if let payload = value["payload"] {
            message.payload = payload.string.map { Array($0.utf8) } ?? payload.bytes
        } else {
            return .error(code: "missing_payload", offset: offset)
        }
        return .message(message)
    }
}
