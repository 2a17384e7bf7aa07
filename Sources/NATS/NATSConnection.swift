internal import CNATS

/// One connection to one server, and JetStream over it. It never reconnects by itself: when it is gone there is a
/// `.closed` event, and the owner makes another.
///
/// Belongs to one thread, which all calls block for at most the times of its settings. What the library's own threads learn
/// waits in `events()`.
public final class NATSConnection {
    let connection: OpaquePointer
    let jetStream: OpaquePointer
    let requestTimeout: Int64
    private let mailbox: NATSMailbox
    private let mailboxNumber: UInt
    /// The largest message the server takes, with its headers.
    public let messageSizeMax: Int

    /// Connects and logs in.
    ///
    /// - Parameters:
    ///   - address: `nats://host:4222` or `tls://host:4222`, without user and password.
    ///   - domain: of JetStream, when it is another than the server's.
    ///   - onArrival: called on a thread of the library when there are new events: it shall only wake.
    public init(
        _ settings: NATSSettings, address: String, domain: String? = nil, onArrival: @escaping @Sendable () -> Void
    ) throws(NATSError) {
        mailbox = NATSMailbox(onArrival: onArrival)
        requestTimeout = settings.requestTimeout
        let number = NATSMailbox.register(mailbox)
        var opened: OpaquePointer?
        do throws(NATSError) {
            let options = try Self.options(settings, address, number)
            defer { natsOptions_Destroy(options) }
            try Self.check(natsConnection_Connect(&opened, options))
            guard let opened else { throw .library("no connection") }
            jetStream = try Self.jetStream(of: opened, settings, domain, number)
            connection = opened
        } catch {
            NATSMailbox.unregister(number)
            natsConnection_Destroy(opened)
            throw error
        }
        mailboxNumber = number
        messageSizeMax = Int(clamping: natsConnection_GetMaxPayload(connection))
    }

    deinit {
        // From here on nobody hears the callbacks, also those that the library makes later.
        NATSMailbox.unregister(mailboxNumber)
        jsCtx_Destroy(jetStream)
        natsConnection_Destroy(connection)
    }

    /// What has happened since the last call. Take it and act on it before the next `publish`: that may use the tokens of
    /// answered messages again.
    public func events() -> [NATSEvent] { mailbox.take() }

    /// Whether it still stands as far as the library knows.
    public var isOpen: Bool { !natsConnection_IsClosed(connection) }

    /// The server's address.
    public var server: String {
        var buffer = [CChar](repeating: 0, count: 512)
        guard natsConnection_GetConnectedUrl(connection, &buffer, buffer.count) == NATS_OK else { return "" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The version of libnats, such as `3.4.1`.
    public static var libraryVersion: String { String(cString: nats_GetVersion()) }

    static func check(_ status: natsStatus) throws(NATSError) {
        guard status == NATS_OK else { throw NATSError(status) }
    }

    private static func jetStream(
        of connection: OpaquePointer, _ settings: NATSSettings, _ domain: String?, _ number: UInt
    ) throws(NATSError) -> OpaquePointer {
        var options = jsOptions()
        try check(jsOptions_Init(&options))
        options.Wait = settings.requestTimeout
        // Not the library's bound, which blocks: the owner counts what is under way.
        options.PublishAsync.MaxPending = 0
        options.PublishAsync.AckHandler = NATSCallbacks.answered
        options.PublishAsync.AckHandlerClosure = NATSCallbacks.closure(number)
        var made: OpaquePointer?
        let status =
            if let domain {
                domain.withCString { text in
                    options.Domain = text
                    return natsConnection_JetStream(&made, connection, &options)
                }
            } else {
                natsConnection_JetStream(&made, connection, &options)
            }
        try check(status)
        guard let made else { throw .library("no JetStream context") }
        return made
    }

    private static func options(
        _ settings: NATSSettings, _ address: String, _ number: UInt
    ) throws(NATSError) -> OpaquePointer {
        var made: OpaquePointer?
        try check(natsOptions_Create(&made))
        guard let options = made else { throw .library("no options") }
        do throws(NATSError) {
            try check(natsOptions_SetURL(options, address))
            try check(natsOptions_SetName(options, settings.name))
            try check(natsOptions_SetAllowReconnect(options, false))
            try check(natsOptions_SetIgnoreDiscoveredServers(options, true))
            try check(natsOptions_SetFailRequestsOnDisconnect(options, true))
            try check(natsOptions_SetTimeout(options, settings.connectTimeout))
            try check(natsOptions_SetWriteDeadline(options, settings.writeTimeout))
            try check(natsOptions_SetPingInterval(options, settings.pingInterval))
            let closure = NATSCallbacks.closure(number)
            try check(natsOptions_SetClosedCB(options, NATSCallbacks.closed, closure))
            try check(natsOptions_SetErrorHandler(options, NATSCallbacks.troubled, closure))
            try setCredentials(settings.credentials, options)
            try setTLS(settings, address, options)
        } catch {
            natsOptions_Destroy(options)
            throw error
        }
        return options
    }

    private static func setCredentials(
        _ credentials: NATSSettings.Credentials, _ options: OpaquePointer
    ) throws(NATSError) {
        switch credentials {
        case .none: break
        case .user(let name, let password): try check(natsOptions_SetUserInfo(options, name, password))
        case .token(let token): try check(natsOptions_SetToken(options, token))
        case .file(let path): try check(natsOptions_SetUserCredentialsFromFiles(options, path, nil))
        }
    }
}
