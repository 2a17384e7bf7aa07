internal import CWebSockets
internal import Glibc

extension Listener {
    /// Port 0: the kernel chooses one for the first address, the others follow it.
    static func openTCP(host: String, port: UInt16) throws(HTTPServerError) -> [Listener] {
        let endpoint = HTTPServer.Endpoint.tcp(host: host, port: port)
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, String(port), &hints, &list)
        guard status == 0 else {
            throw .cannotListen(endpoint: endpoint.description, reason: String(cString: gai_strerror(status)))
        }
        defer { freeaddrinfo(list) }
        var listeners: [Listener] = []
        var next = list
        do throws(HTTPServerError) {
            while let address = next?.pointee {
                next = address.ai_next
                let wanted = port == 0 ? listeners.first?.port ?? 0 : port
                listeners.append(try openTCP(address, port: wanted, host: host))
            }
        } catch {
            listeners.forEach { $0.close() }
            throw error
        }
        guard !listeners.isEmpty else {
            throw .cannotListen(endpoint: endpoint.description, reason: "the name has no address")
        }
        return listeners
    }

    private static func openTCP(_ address: addrinfo, port: UInt16, host: String) throws(HTTPServerError) -> Listener {
        let endpoint = HTTPServer.Endpoint.tcp(host: host, port: port).description
        let descriptor = cws_socket(address.ai_family)
        guard descriptor >= 0 else { throw .cannotListen(endpoint: endpoint, reason: Errno.text(errno)) }
        _ = cws_reuse_address(descriptor)
        if address.ai_family == AF_INET6 { _ = cws_ipv6_only(descriptor) }

        var storage = sockaddr_storage()
        var length = address.ai_addrlen
        memcpy(&storage, address.ai_addr, Int(min(length, socklen_t(MemoryLayout<sockaddr_storage>.size))))
        SocketAddress.setPort(port, in: &storage)
        let isBound = SocketAddress.withPointer(to: &storage) { bind(descriptor, $0, length) } == 0
        guard isBound, Glibc.listen(descriptor, 256) == 0 else {
            let code = errno
            _ = Glibc.close(descriptor)
            if code == EADDRINUSE { throw .portInUse(host: host, port: port) }
            throw .cannotListen(endpoint: endpoint, reason: Errno.text(code))
        }
        _ = SocketAddress.withPointer(to: &storage) { getsockname(descriptor, $0, &length) }
        return Listener(descriptor: descriptor, port: SocketAddress.port(of: storage))
    }
}
