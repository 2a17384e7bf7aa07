internal import CWebSockets

extension HTTPResponse {
    /// Opens `socket` for the client that asks for it (RFC 6455, section 4.2). A request that is not a proper opening
    /// handshake is answered 400, or 426 if it asks for no WebSocket or another version.
    ///
    /// Whether the client may have it, by its `Origin` and its token, is the handler's to decide before.
    public static func webSocket(_ socket: WebSocket, answering request: HTTPRequest) -> HTTPResponse {
        let headers = request.headers
        guard request.method == "GET", headers.contains("websocket", in: "Upgrade"),
            headers.contains("upgrade", in: "Connection"), headers["Sec-WebSocket-Version"] == "13"
        else {
            return HTTPResponse(
                status: 426, headers: ["Upgrade": "websocket", "Sec-WebSocket-Version": "13"],
                body: .bytes(Array("this resource is a WebSocket, version 13\n".utf8)))
        }
        let keys = headers.values(of: "Sec-WebSocket-Key")
        guard keys.count == 1, keys[0].utf8.count == 24, keys[0].hasSuffix("=="), request.body.isEmpty else {
            return HTTPResponse(status: 400, "Sec-WebSocket-Key is not one key of 16 bytes\n")
        }
        return HTTPResponse(
            status: 101, headers: ["Upgrade": "websocket", "Sec-WebSocket-Accept": acceptance(of: keys[0])],
            body: .webSocket(socket))
    }

    /// What proves that the key was read as one of a WebSocket handshake.
    static func acceptance(of key: String) -> String {
        let proof = Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)
        var digest = [UInt8](repeating: 0, count: 20)
        _ = lws_SHA1(proof, proof.count, &digest)
        var text = [CChar](repeating: 0, count: 32)
        let count = digest.withUnsafeBytes { bytes in
            bytes.withMemoryRebound(to: CChar.self) {
                lws_b64_encode_string($0.baseAddress, Int32($0.count), &text, Int32(text.count))
            }
        }
        return String(decoding: text.prefix(max(0, Int(count))).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
