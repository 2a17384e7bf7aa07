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
        let wanted = Array(name.utf8)
        for line in headerLines.split(separator: UInt8(ascii: "\n")) {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon - line.startIndex == wanted.count,
                zip(line, wanted).allSatisfy({ Self.lowercased($0) == Self.lowercased($1) })
            else { continue }
            let value = line[(colon + 1)...].drop { $0 == 0x20 || $0 == 0x09 }
            let end = value.lastIndex { $0 > 0x20 }.map { $0 + 1 } ?? value.startIndex
            return String(decoding: value[..<end], as: UTF8.self)
        }
        return nil
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
    }
}
