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
}

extension ClientRequest {
    /// Shorter bodies are not worth it.
    private static let compressedByteCountMin = 256

    /// The request as it goes out; `encoding` nil: as it is.
    func compressed(_ encoding: ContentEncoding?) -> ClientRequest {
        guard let encoding, body.count >= Self.compressedByteCountMin else { return self }
        // What cannot be compressed for lack of memory goes as it is.
        guard let shorter = try? body.withUnsafeBytes({ try encoding.compress($0) }) else { return self }
        return ClientRequest(
            method, url, headers: headers + [Header("Content-Encoding", encoding.rawValue)], body: shorter)
    }
}
