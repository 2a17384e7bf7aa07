/// How to reach a server, and who we are there.
public struct NATSSettings: Sendable, Equatable {
    /// Who we say we are.
    public enum Credentials: Sendable, Equatable {
        case none
        case user(String, password: String)
        case token(String)
        /// A `.creds` file: a user's JWT and the seed of its key. The library reads it at each connect.
        case file(String)
    }

    /// What people find us under at the server.
    public var name = "mycogate"
    public var credentials = Credentials.none
    /// TLS is used for `tls://` addresses, and for others when the server asks for it.
    public var authorityFile: String?
    /// Our own certificate and its key, PEM; both or none.
    public var certificateFile: String?
    public var keyFile: String?
    /// Bounds connecting and each question that waits for an answer (milliseconds).
    public var connectTimeout: Int64 = 2_000
    public var requestTimeout: Int64 = 3_000
    /// A peer that takes nothing for so long has lost us (milliseconds).
    public var writeTimeout: Int64 = 3_000
    /// A silent peer is asked this often, and given up after two questions (milliseconds).
    public var pingInterval: Int64 = 10_000

    public init() {}
}
