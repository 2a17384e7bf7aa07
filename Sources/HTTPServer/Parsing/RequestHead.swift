/// Request line and header fields, parsed and checked (RFC 9112, sections 2 to 6).
struct RequestHead {
    enum Framing: Equatable {
        case none
        case length(Int)
        case chunked
    }

    var method: String
    var rawTarget: String
    var target: RequestTarget
    /// HTTP/1.0 knows no chunks and closes unless asked not to.
    var isHTTP10: Bool
    var headers: HTTPHeaders
    var framing: Framing
    var keepsAlive: Bool
    var expectsContinue: Bool

    static let fieldsMax = 100
    static let methodByteCountMax = 32

    /// `bytes` are the lines of a head, each ended by CR LF, without the empty line.
    init(_ bytes: ArraySlice<UInt8>) throws(Refusal) {
        var lines = HeadLines(bytes)
        guard let line = lines.next() else { throw .malformed("there is no request line") }
        let parts = line.split(separator: 0x20, omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[1].isEmpty else { throw .malformed("the request line has not three parts") }
        guard parts[0].count <= Self.methodByteCountMax, Token.isToken(parts[0]) else {
            throw .malformed("the method is not a token")
        }
        method = String(decoding: parts[0], as: UTF8.self)
        isHTTP10 = try Self.isHTTP10(parts[2])
        rawTarget = String(decoding: parts[1], as: UTF8.self)
        target = try RequestTarget(Array(parts[1]))
        if target.path == "*" && method != "OPTIONS" { throw .malformed("only OPTIONS has the target *") }

        headers = HTTPHeaders()
        while let line = lines.next() {
            guard headers.fields.count < Self.fieldsMax else { throw .headTooLarge }
            let field = try Self.field(line)
            headers.add(field.name, field.value)
        }
        let hosts = headers.values(of: "Host")
        guard hosts.count == 1 || isHTTP10 && hosts.isEmpty else { throw .malformed("there must be one Host field") }
        if let authority = target.authority { headers["Host"] = authority }
        framing = try Self.framing(headers, isHTTP10: isHTTP10)
        keepsAlive =
            isHTTP10 ? headers.contains("keep-alive", in: "Connection") : !headers.contains("close", in: "Connection")
        expectsContinue = try Self.expectsContinue(headers, isHTTP10: isHTTP10)
    }

    private static func isHTTP10(_ version: ArraySlice<UInt8>) throws(Refusal) -> Bool {
        guard version.count == 8, version.starts(with: "HTTP/".utf8), let minor = version.last else {
            throw .malformed("the request line does not end in an HTTP version")
        }
        guard version.dropFirst(5).dropLast().elementsEqual("1.".utf8),
            minor >= UInt8(ascii: "0") && minor <= UInt8(ascii: "9")
        else { throw Refusal(505, "version_not_supported", "this server speaks HTTP/1.1") }
        return minor == UInt8(ascii: "0")
    }

    private static func field(_ line: ArraySlice<UInt8>) throws(Refusal) -> HTTPHeaders.Field {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), Token.isToken(line[..<colon]) else {
            throw .malformed("a header field has no valid name")
        }
        let value = line[(colon + 1)...].trimmingBlanks()
        guard value.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
            throw .malformed("a header field holds control characters")
        }
        return .init(
            name: String(decoding: line[..<colon], as: UTF8.self), value: String(decoding: value, as: UTF8.self))
    }

    /// Whatever two readers could frame differently is refused: that is how requests are smuggled past a proxy.
    private static func framing(_ headers: HTTPHeaders, isHTTP10: Bool) throws(Refusal) -> Framing {
        let encodings = headers.values(of: "Transfer-Encoding")
        let lengths = headers.values(of: "Content-Length")
        if !encodings.isEmpty {
            guard lengths.isEmpty, !isHTTP10 else { throw .malformed("the length of the body is ambiguous") }
            guard encodings.count == 1, headers.contains("chunked", in: "Transfer-Encoding"),
                encodings[0].utf8.count == 7
            else { throw Refusal(501, "encoding_not_supported", "the only transfer encoding is chunked") }
            return .chunked
        }
        guard let first = lengths.first else { return .none }
        guard lengths.count == 1, !first.isEmpty, first.utf8.count <= 18,
            first.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }), let length = Int(first)
        else { throw .malformed("Content-Length is not one number") }
        return length == 0 ? .none : .length(length)
    }

    private static func expectsContinue(_ headers: HTTPHeaders, isHTTP10: Bool) throws(Refusal) -> Bool {
        guard headers["Expect"] != nil, !isHTTP10 else { return false }
        guard headers.contains("100-continue", in: "Expect") else {
            throw Refusal(417, "expectation_failed", "the only known expectation is 100-continue")
        }
        return true
    }
}
