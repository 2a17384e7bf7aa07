/// What a server answered: any status is an answer, only a missing or broken one is an error.
public struct ClientAnswer: Sendable, Equatable {
    public var status: Int
    public var body: [UInt8]
    /// The header lines of the final answer as they came, status line first.
    var headerLines: [UInt8]

    /// For tests and for those who stand in for a server.
    public init(status: Int, headers: [ClientRequest.Header] = [], body: [UInt8] = []) {
        self.status = status
        self.body = body
        headerLines = Array("HTTP/1.1 \(status)\r\n".utf8)
        for header in headers { headerLines += Array("\(header.name): \(header.value)\r\n".utf8) }
    }

    init(status: Int, headerLines: [UInt8], body: [UInt8]) {
        self.status = status
        self.headerLines = headerLines
        self.body = body
    }

    /// The value of the first header of this name (case does not matter), without surrounding white space; nil if absent.
    public func header(_ name: String) -> String? {
        var name = name
        return name.withUTF8 { name in
            headerLines.withUnsafeBufferPointer { lines in
                Self.value(of: name, in: lines).map { String(decoding: $0, as: UTF8.self) }
            }
        }
    }

    /// Goes through the lines without allocating: it is asked of every answer.
    private static func value(
        of name: UnsafeBufferPointer<UInt8>, in lines: UnsafeBufferPointer<UInt8>
    ) -> UnsafeBufferPointer<UInt8>.SubSequence? {
        var start = 0
        while start < lines.count {
            let end = lines[start...].firstIndex(of: UInt8(ascii: "\n")) ?? lines.count
            let colon = start + name.count
            if colon < end, lines[colon] == UInt8(ascii: ":"), matches(lines, at: start, name) {
                let value = lines[(colon + 1)..<end].drop { $0 == 0x20 || $0 == 0x09 }
                return value.lastIndex { $0 > 0x20 }.map { value[...$0] } ?? value.prefix(0)
            }
            start = end + 1
        }
        return nil
    }

    private static func matches(
        _ lines: UnsafeBufferPointer<UInt8>, at start: Int, _ name: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        for index in 0..<name.count where lowercased(lines[start + index]) != lowercased(name[index]) { return false }
        return true
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
    }
}
