public import JSONText

/// What stands in a frame: JSON text of one firmware generation, packed structs of the other.
///
/// The JSON value is borrowed from the parser and valid until it parses again.
public enum MDPPayload {
    case empty
    /// `isRepaired`: malformed in a known way and mended before parsing.
    case json(JSONValue, isRepaired: Bool)
    case packed(MDPStruct)
    /// Bytes whose meaning is not known.
    case opaque
    /// Should have been usable and is not; the frame itself is good.
    case failure(MDPError)

    public init(_ frame: MDPFrame, parser: JSONParser) {
        let bytes = frame.payload
        if bytes.isEmpty {
            self = .empty
        } else if Self.isJSON(bytes, of: frame.header.type) {
            self = Self.parse(bytes, parser)
        } else {
            do throws(MDPError) {
                self = try MDPStruct(bytes, of: frame.header.type).map { .packed($0) } ?? Self.scalar(bytes, parser)
            } catch {
                self = .failure(error)
            }
        }
    }

    private static func isJSON(_ bytes: UnsafeRawBufferPointer, of type: MDPMessageType) -> Bool {
        if bytes.count == MDPStruct.byteCount(of: type) { return false }
        switch bytes[0] {
        case UInt8(ascii: "{"):
            if bytes.count < 2 || bytes[1] == UInt8(ascii: "\"") || bytes[1] == UInt8(ascii: "}") { return true }
        // Packed commands may begin with these bytes, and a command is never anything but an object.
        case UInt8(ascii: "["), UInt8(ascii: "\""):
            if type == .command { return false }
        default: return false
        }
        return bytes.allSatisfy { $0 >= 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
    }

    private static func parse(_ bytes: UnsafeRawBufferPointer, _ parser: JSONParser) -> MDPPayload {
        do throws(JSONError) {
            return .json(try parser.parse(bytes), isRepaired: false)
        } catch {
            if error == .notUTF8 { return .failure(.payloadNotUTF8) }
        }
        let mended = SideATelemetryRepair.repaired(bytes) ?? Array(bytes)
        return mended.withUnsafeBytes { parseMended($0, parser) }
    }

    private static func parseMended(_ bytes: UnsafeRawBufferPointer, _ parser: JSONParser) -> MDPPayload {
        if let value = try? parser.parse(bytes) { return .json(value, isRepaired: true) }  // the next repair is tried
        guard let finite = NonFiniteRepair.repaired(bytes),
            let value = finite.withUnsafeBytes({ try? parser.parse($0) })  // the frame's own error is reported
        else { return .failure(.payloadNotJSON) }
        return .json(value, isRepaired: true)
    }

    /// A number or word alone is JSON too; anything else is not understood.
    private static func scalar(_ bytes: UnsafeRawBufferPointer, _ parser: JSONParser) -> MDPPayload {
        guard TextScan.isText(bytes), let value = try? parser.parse(bytes) else { return .opaque }  // opaque is legal
        return .json(value, isRepaired: false)
    }
}
