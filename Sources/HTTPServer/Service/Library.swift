internal import CWebSockets

/// libwebsockets itself: the context, its vhosts, and the way from its callbacks to connections.
final class Library {
    let context: OpaquePointer
    private let plain: OpaquePointer
    private let tls: OpaquePointer?
    private let timer: UnsafeMutablePointer<cws_timer>
    private let protocols: UnsafeMutablePointer<lws_protocols>
    private static let protocolName: StaticString = "http-bytes"

    var hasTLS: Bool { tls != nil }

    init(_ loop: ServiceLoop) throws(HTTPServerError) {
        let configuration = loop.configuration
        LibraryLog.start(configuration.onLibraryError)
        protocols = .allocate(capacity: 2)
        timer = .allocate(capacity: 1)
        timer.initialize(to: cws_timer())
        timer.pointee.owner = Unmanaged.passUnretained(loop).toOpaque()
        let name = UnsafeRawPointer(Self.protocolName.utf8Start).assumingMemoryBound(to: CChar.self)
        cws_set_protocol(protocols, name, libraryCallback, 16 * 1024)

        var info = lws_context_creation_info()
        info.port = cws_port_none()
        info.protocols = UnsafePointer(protocols)
        info.gid = -1
        info.uid = -1
        info.user = Unmanaged.passUnretained(loop).toOpaque()
        info.pt_serv_buf_size = 16 * 1024
        info.timeout_secs = 10
        info.fd_limit_per_thread = UInt32(clamping: configuration.connectionLimit * 2 + 64)
        info.options = cws_option_explicit_vhosts() | cws_option_no_canonical_name()
        if configuration.tls != nil { info.options |= cws_option_tls_init() }
        guard let context = lws_create_context(&info) else {
            protocols.deallocate()
            timer.deallocate()
            throw .libraryFailed(reason: LibraryLog.lastLine)
        }
        self.context = context
        do throws(HTTPServerError) {
            plain = try Self.makeVhost(context, &info, name: "plain")
            tls = try configuration.tls.map { files throws(HTTPServerError) in
                try Self.makeVhost(context, info, files)
            }
        } catch {
            lws_context_destroy(context)
            protocols.deallocate()
            timer.deallocate()
            throw error
        }
    }

    private static func makeVhost(
        _ context: OpaquePointer, _ info: inout lws_context_creation_info, name: String
    ) throws(HTTPServerError) -> OpaquePointer {
        let vhost = name.withCString { name in
            info.vhost_name = name
            return lws_create_vhost(context, &info)
        }
        guard let vhost else { throw .libraryFailed(reason: LibraryLog.lastLine) }
        return vhost
    }

    private static func makeVhost(
        _ context: OpaquePointer, _ info: lws_context_creation_info, _ files: HTTPServer.TLSFiles
    ) throws(HTTPServerError) -> OpaquePointer {
        let vhost: OpaquePointer? = files.certificateChain.withCString { certificate in
            files.privateKey.withCString { key in
                var info = info
                info.port = cws_port_server()
                info.ssl_cert_filepath = certificate
                info.ssl_private_key_filepath = key
                // Without this the library offers HTTP/2 and then speaks it by itself.
                return "http/1.1".withCString { alpn in
                    info.alpn = alpn
                    return try? makeVhost(context, &info, name: "tls")  // the reason is in the log line
                }
            }
        }
        guard let vhost else {
            throw .certificateUnusable(file: files.certificateChain, reason: LibraryLog.lastLine)
        }
        return vhost
    }

    /// False when the context cannot go on.
    func service() -> Bool { lws_service(context, 0) >= 0 }

    func watch(_ acceptor: Acceptor) throws(HTTPServerError) {
        let name = UnsafeRawPointer(Self.protocolName.utf8Start).assumingMemoryBound(to: CChar.self)
        let opaque = Unmanaged.passUnretained(acceptor).toOpaque()
        guard let watch = cws_adopt_listener(plain, acceptor.listener.descriptor, name, opaque) else {
            throw .libraryFailed(reason: LibraryLog.lastLine)
        }
        acceptor.watch = watch
    }

    /// Takes the descriptor over; nil if it had to be closed.
    func adopt(_ descriptor: Int32, _ connection: Connection) -> OpaquePointer? {
        let name = UnsafeRawPointer(Self.protocolName.utf8Start).assumingMemoryBound(to: CChar.self)
        let vhost = connection.isTLS ? tls ?? plain : plain
        let opaque = Unmanaged.passUnretained(connection).toOpaque()
        return cws_adopt_stream(vhost, descriptor, connection.isTLS ? 1 : 0, name, opaque)
    }

    func startTimer(after microseconds: Int64) {
        let fire: sul_cb_t = { sul in
            guard let loop = cws_timer_owner(sul) else { return }
            Unmanaged<ServiceLoop>.fromOpaque(loop).takeUnretainedValue().sweep()
        }
        cws_timer_start(context, timer, fire, microseconds)
    }

    /// Closes everything that is still open.
    func destroy() {
        lws_context_destroy(context)
        protocols.deallocate()
        timer.deallocate()
    }
}

/// Where libwebsockets calls us, always on the service thread.
private func libraryCallback(
    _ socket: OpaquePointer?, _ reason: lws_callback_reasons, _ user: UnsafeMutableRawPointer?,
    _ bytes: UnsafeMutableRawPointer?, _ count: Int
) -> Int32 {
    guard let socket else { return 0 }
    switch reason {
    case LWS_CALLBACK_EVENT_WAIT_CANCELLED:
        guard let context = lws_get_context(socket), let loop = lws_context_user(context) else { return 0 }
        Unmanaged<ServiceLoop>.fromOpaque(loop).takeUnretainedValue().wake()
    case LWS_CALLBACK_RAW_RX_FILE: owner(of: socket)?.accept()
    case LWS_CALLBACK_RAW_RX:
        guard let owner = owner(of: socket) else { return -1 }
        owner.receive(UnsafeRawBufferPointer(start: bytes, count: count))
    case LWS_CALLBACK_RAW_WRITEABLE: owner(of: socket)?.flush()
    case LWS_CALLBACK_RAW_CLOSE, LWS_CALLBACK_RAW_CLOSE_FILE, LWS_CALLBACK_WSI_DESTROY:
        owner(of: socket)?.socketClosed()
        lws_set_opaque_user_data(socket, nil)
    default: break
    }
    return 0
}

private func owner(of socket: OpaquePointer) -> SocketOwner? {
    guard let opaque = lws_get_opaque_user_data(socket) else { return nil }
    return Unmanaged<SocketOwner>.fromOpaque(opaque).takeUnretainedValue()
}
