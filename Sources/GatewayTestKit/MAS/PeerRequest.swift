/// One HTTP request as a stand-in peer sees it. The body is borrowed from the connection's buffer.
struct PeerRequest {
    var method: String
    var path: String
    var serviceToken: String?
    /// `X-Internal-Token`, `X-API-Key`, `Authorization`, `Last-Event-ID`.
    var internalToken: String?
    var apiKey: String?
    var authorization: String?
    var lastEventID: String?
    var closes: Bool
    var expectsContinue: Bool
    var bodyCount: Int
    /// Bytes up to and including the empty line.
    var headCount: Int

    /// The largest body that is read; a gateway never sends more in one request.
    static let bodyCountMax = 8 << 20
    private static let headCountMax = 32 << 10

    enum Scan {
        case incomplete
        case broken
        case complete(PeerRequest)
    }

    /// Reads the head of a request at the start of `bytes`; deliberately simple and shared with no production code.
    static func scan(_ bytes: UnsafeRawBufferPointer) -> Scan {
        guard let headCount = endOfHead(bytes) else { return bytes.count > headCountMax ? .broken : .incomplete }
        let head = UnsafeRawBufferPointer(rebasing: bytes[..<headCount])
        var lines = head.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true).makeIterator()
        guard let first = lines.next() else { return .broken }
        let words = first.split(separator: UInt8(ascii: " "))
        guard words.count == 3 else { return .broken }
        var request = PeerRequest(
            method: String(decoding: words[0], as: UTF8.self), path: String(decoding: words[1], as: UTF8.self),
            closes: false, expectsContinue: false, bodyCount: 0, headCount: headCount)
        while let line = lines.next() {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let name = line[..<colon]
            let value = line[(colon + 1)...].drop { $0 == 0x20 }.prefix { $0 > 0x1F }
            switch name.count {
            case 14 where matches(name, "content-length"):
                guard let count = Int(String(decoding: value, as: UTF8.self)), (0...bodyCountMax).contains(count) else {
                    return .broken
                }
                request.bodyCount = count
            case 20 where matches(name, "x-myca-service-token"), 25 where matches(name, "x-mycosoft-service-token"):
                request.serviceToken = String(decoding: value, as: UTF8.self)
            case 16 where matches(name, "x-internal-token"):
                request.internalToken = String(decoding: value, as: UTF8.self)
            case 9 where matches(name, "x-api-key"):
                request.apiKey = String(decoding: value, as: UTF8.self)
            case 13 where matches(name, "authorization"):
                request.authorization = String(decoding: value, as: UTF8.self)
            case 13 where matches(name, "last-event-id"):
                request.lastEventID = String(decoding: value, as: UTF8.self)
            case 10 where matches(name, "connection"):
                request.closes = matches(value, "close")
            case 6 where matches(name, "expect"):
                request.expectsContinue = true
            default: break
            }
        }
        return .complete(request)
    }

    private static func endOfHead(_ bytes: UnsafeRawBufferPointer) -> Int? {
        var index = 0
        while index + 3 < bytes.count {
            if bytes[index + 3] > 0x0D {
                index += 4
            } else if bytes[index] == 0x0D, bytes[index + 1] == 0x0A, bytes[index + 2] == 0x0D, bytes[index + 3] == 0x0A
            {
                return index + 4
            } else {
                index += 1
            }
        }
        return nil
    }

    private static func matches(_ bytes: UnsafeRawBufferPointer.SubSequence, _ lowercase: StaticString) -> Bool {
        lowercase.withUTF8Buffer { wanted in
            wanted.count == bytes.count && zip(bytes, wanted).allSatisfy { $0 | 0x20 == $1 | 0x20 }
        }
    }
}
