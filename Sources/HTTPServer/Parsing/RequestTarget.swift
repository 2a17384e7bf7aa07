/// A request target (RFC 9112, section 3.2) taken apart and decoded.
struct RequestTarget {
    var path: String
    var segments: [String]
    var query: [HTTPRequest.QueryItem]
    /// The authority of an absolute-form target: it stands above the Host field.
    var authority: String?

    /// Name-value pairs of one query; more are refused.
    static let queryItemsMax = 128

    init(_ bytes: [UInt8]) throws(Refusal) {
        var rest = bytes[...]
        guard rest.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else { throw .malformed("bad character in the target") }
        if rest.first != UInt8(ascii: "/") {
            if rest.elementsEqual("*".utf8) {
                path = "*"
                segments = []
                query = []
                return
            }
            authority = try Self.takeAuthority(&rest)
            if rest.first == UInt8(ascii: "?") || rest.isEmpty { rest = [UInt8(ascii: "/")] + rest }
        }
        if let fragment = rest.firstIndex(of: UInt8(ascii: "#")) { rest = rest[..<fragment] }
        let mark = rest.firstIndex(of: UInt8(ascii: "?")) ?? rest.endIndex
        segments = try Self.segments(of: rest[..<mark])
        path = segments.isEmpty ? "/" : "/" + segments.joined(separator: "/")
        if path.utf8.split(separator: UInt8(ascii: "/")).contains(where: { $0.elementsEqual("..".utf8) }) {
            throw .malformed("the path climbs out of its folder")
        }
        query = mark == rest.endIndex ? [] : try Self.items(of: rest[(mark + 1)...])
    }

    /// Removes `http://host:port` from an absolute-form target and returns `host:port`.
    private static func takeAuthority(_ rest: inout ArraySlice<UInt8>) throws(Refusal) -> String {
        for scheme in ["http://", "https://"] {
            let start = rest.prefix(scheme.utf8.count).map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
            guard start.elementsEqual(scheme.utf8) else { continue }
            let tail = rest.dropFirst(scheme.utf8.count)
            let end = tail.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? tail.endIndex
            guard end > tail.startIndex, let authority = String(validating: tail[..<end], as: UTF8.self) else { break }
            rest = tail[end...]
            return authority
        }
        throw .malformed("the target is neither a path nor an http URL")
    }

    private static func segments(of path: ArraySlice<UInt8>) throws(Refusal) -> [String] {
        var segments: [String] = []
        if path.count <= 1 { return segments }
        for part in path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard let segment = PercentEncoding.decode(part) else {
                throw .malformed("bad percent-encoding in the path")
            }
            segments.append(segment)
        }
        return segments
    }

    private static func items(of query: ArraySlice<UInt8>) throws(Refusal) -> [HTTPRequest.QueryItem] {
        var items: [HTTPRequest.QueryItem] = []
        for part in query.split(separator: UInt8(ascii: "&")) {
            let equals = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
            guard let name = PercentEncoding.decode(part[..<equals], plusIsSpace: true),
                let value = PercentEncoding.decode(part[equals...].dropFirst(), plusIsSpace: true)
            else { throw .malformed("bad percent-encoding in the query") }
            guard items.count < queryItemsMax else { throw .malformed("too many query parameters") }
            items.append(.init(name: name, value: value))
        }
        return items
    }
}
