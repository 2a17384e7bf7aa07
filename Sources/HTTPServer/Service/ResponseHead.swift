/// Status line and header fields of an answer, as bytes, and what they promise about the body.
struct ResponseHead {
    let bytes: [UInt8]
    let sendsBody: Bool
    let isChunked: Bool
    let keepsAlive: Bool

    init(_ response: HTTPResponse, _ wire: Exchange.Wire) {
        var status = response.status >= 200 && response.status <= 599 ? response.status : 500
        var isStream = false
        var isUpgrade = false
        var length = 0
        switch response.body {
        case .bytes(let bytes): length = bytes.count
        case .stream: isStream = true
        case .webSocket:
            isUpgrade = true
            status = 101
        }
        let hasBody = status != 204 && status != 304 && !isUpgrade
        sendsBody = hasBody && !wire.isHead
        isChunked = isStream && !wire.isHTTP10
        // Without chunks only the end of the connection can end a stream.
        keepsAlive =
            wire.keepsAlive && !(isStream && sendsBody && wire.isHTTP10)
            && !response.headers.contains("close", in: "Connection")

        var text: [UInt8] = []
        text.reserveCapacity(256)
        text += "HTTP/1.1 ".utf8
        text += String(status).utf8
        text.append(0x20)
        text += HTTPStatus.reason(status).utf8
        text += "\r\n".utf8
        for field in response.headers.fields where !Self.isOwn(field.name) && Token.isToken(ArraySlice(field.name.utf8))
        {
            text += field.name.utf8
            text += ": ".utf8
            text += field.value.utf8.lazy.map { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 ? $0 : 0x20 }
            text += "\r\n".utf8
        }
        if hasBody {
            if isStream {
                if isChunked { text += "Transfer-Encoding: chunked\r\n".utf8 }
            } else {
                text += "Content-Length: ".utf8
                text += String(length).utf8
                text += "\r\n".utf8
            }
        }
        if isUpgrade {
            text += "Connection: Upgrade\r\n".utf8
        } else if !keepsAlive {
            text += "Connection: close\r\n".utf8
        } else if wire.isHTTP10 {
            text += "Connection: keep-alive\r\n".utf8
        }
        text += "\r\n".utf8
        bytes = text
    }

    /// Fields that describe the framing or the connection are the server's.
    private static func isOwn(_ name: String) -> Bool {
        switch name.utf8.count {
        case 10: ["connection", "keep-alive"].contains(name.lowercased())
        case 14: name.lowercased() == "content-length"
        case 17: name.lowercased() == "transfer-encoding"
        default: false
        }
    }
}
