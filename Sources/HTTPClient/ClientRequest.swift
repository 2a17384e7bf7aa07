/// One HTTP request to be sent.
public struct ClientRequest: Sendable, Equatable {
    /// The methods that are asked with.
    public enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case delete = "DELETE"
        case head = "HEAD"
    }

    /// One header line. Names and values with control characters are refused when the request is sent.
    public struct Header: Sendable, Equatable {
        public var name: String
        public var value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// What is asked.
    public var method: Method
    /// An absolute `http:` or `https:` URL.
    public var url: String
    public var headers: [Header]
    /// Sent with POST and PUT, ignored otherwise.
    public var body: ArraySlice<UInt8>

    public init(_ method: Method, _ url: String, headers: [Header] = [], body: [UInt8] = []) {
        self.init(method, url, headers: headers, body: body[...])
    }

    /// A body that is a stretch of a larger buffer.
    public init(_ method: Method, _ url: String, headers: [Header], body: ArraySlice<UInt8>) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }

    /// `host:port` as the URL has it, without a name and password before it.
    var authority: String {
        let parts = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count > 2 else { return "" }
        return parts[2].split(separator: "@").last.map(String.init) ?? ""
    }
}
