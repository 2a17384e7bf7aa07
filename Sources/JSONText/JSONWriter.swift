/// Appends compact JSON to a byte array. Commas are put by itself; brackets must be closed by the caller.
public struct JSONWriter: Sendable {
    /// What is escaped beside `"`, `\` and control characters.
    public enum Escaping: Sendable {
        /// Nothing: the text is UTF-8.
        case minimal
        /// Everything beyond ASCII, as `\uXXXX`.
        case ascii
    }

    /// What has been written.
    public private(set) var bytes: [UInt8] = []
    private var needsComma = false
    private let escaping: Escaping

    public init(escaping: Escaping = .minimal) { self.escaping = escaping }

    /// Continues in an array that already has its capacity; give it back with `bytes`.
    public init(reusing bytes: consuming [UInt8], escaping: Escaping = .minimal) {
        self.bytes = bytes
        self.escaping = escaping
    }

    /// What has been written, as text.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Forgets what has been written and keeps the memory.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        needsComma = false
    }

    /// Opens an object: keys and values follow in turn.
    public mutating func beginObject() { open(UInt8(ascii: "{")) }
    /// Closes the innermost object.
    public mutating func endObject() { close(UInt8(ascii: "}")) }
    /// Opens an array: values follow.
    public mutating func beginArray() { open(UInt8(ascii: "[")) }
    /// Closes the innermost array.
    public mutating func endArray() { close(UInt8(ascii: "]")) }

    /// The key of the value that follows.
    public mutating func key(_ name: String) {
        comma()
        quoted(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// A key from bytes that are UTF-8.
    public mutating func key(utf8 name: UnsafeBufferPointer<UInt8>) {
        comma()
        quoted(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// A string, escaped as needed.
    public mutating func string(_ value: String) {
        comma()
        quoted(value)
    }

    /// A string from bytes that are UTF-8.
    public mutating func string(utf8 value: UnsafeBufferPointer<UInt8>) {
        comma()
        quoted(value)
    }

    /// A whole number that may be negative.
    public mutating func integer(_ value: some FixedWidthInteger & SignedInteger) {
        comma()
        NumberText.append(Int64(value), to: &bytes)
    }

    /// A whole number that is not negative.
    public mutating func unsigned(_ value: some FixedWidthInteger & UnsignedInteger) {
        comma()
        NumberText.append(UInt64(value), to: &bytes)
    }

    /// The shortest text that reads back as the same double, as Python's `repr`: `22.0`, `1e-07`; not finite: `null`.
    public mutating func number(_ value: Double) {
        comma()
        NumberText.append(value, to: &bytes)
    }

    /// As `number`, but integral values up to 2^53 as integers: `22`.
    public mutating func shortNumber(_ value: Double) {
        comma()
        NumberText.appendShort(value, to: &bytes)
    }

    /// `true` or `false`.
    public mutating func bool(_ value: Bool) {
        comma()
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }

    /// The value `null`.
    public mutating func null() {
        comma()
        bytes.append(contentsOf: "null".utf8)
    }

    /// A piece that is JSON already, such as the body of a note.
    public mutating func raw(_ json: String) {
        comma()
        bytes.append(contentsOf: json.utf8)
    }

    /// A piece that is JSON already, appended by `body`.
    public mutating func raw(_ body: (inout [UInt8]) -> Void) {
        comma()
        body(&bytes)
    }

    /// A string whose bytes `body` appends; they must need no escaping.
    public mutating func quoted(_ body: (inout [UInt8]) -> Void) {
        comma()
        bytes.append(UInt8(ascii: "\""))
        body(&bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    /// Gives the bytes away without a copy.
    public consuming func finish() -> [UInt8] { bytes }

    /// Ends a line of NDJSON; the next value starts anew.
    public mutating func newline() {
        bytes.append(0x0A)
        needsComma = false
    }

    private mutating func comma() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func open(_ bracket: UInt8) {
        comma()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func quoted(_ value: String) {
        var value = value
        value.withUTF8 { quoted($0) }
    }

    private mutating func quoted(_ value: UnsafeBufferPointer<UInt8>) {
        bytes.append(UInt8(ascii: "\""))
        StringText.append(value, escaping: escaping, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }
}
