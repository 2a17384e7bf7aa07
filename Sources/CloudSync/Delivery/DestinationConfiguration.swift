public import Compression
public import HTTPClient

/// What destinations of every kind are told about themselves.
public struct DestinationConfiguration: Sendable {
    /// As configured: the name of its cursors.
    public var name: String
    public var kind: String
    /// Our own id: part of identities and keys.
    public var gatewayID: String
    /// Of the bodies of requests; nil: none.
    public var compression: ContentEncoding?
    public var client = ClientSettings()
    public var push = PushSettings()

    public init(name: String, kind: String, gatewayID: String) {
        self.name = name
        self.kind = kind
        self.gatewayID = gatewayID
    }

    /// Shorter bodies are not worth it.
    private static let compressedByteCountMin = 256

    /// The request as it goes out.
    func compressed(_ request: ClientRequest) -> ClientRequest {
        guard let compression, request.body.count >= Self.compressedByteCountMin else { return request }
        // What cannot be compressed for lack of memory goes as it is.
        guard let body = try? request.body.withUnsafeBytes({ try compression.compress($0) }) else { return request }
        let headers = request.headers + [.init("Content-Encoding", compression.rawValue)]
        return ClientRequest(request.method, request.url, headers: headers, body: body)
    }
}
