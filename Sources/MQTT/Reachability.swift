internal import CLinux
internal import Glibc

/// Tries a TCP connection within a limit and stoppable, before libmosquitto makes its own, which is neither.
enum Reachability {
    /// Returns if `host:port` accepts connections; throws `unreachable` if not, or not within `timeout`, or when
    /// cancelled. Names are resolved by the C library, within its own limits.
    static func check(
        host: String, port: UInt16, timeout: Duration, isCancelled: () -> Bool = { false }
    ) throws(MQTTError) {
        var failure = "no address"
        for address in try resolve(host: host, port: port) {
            guard let why = attempt(address, timeout: timeout, isCancelled) else { return }
            failure = why
        }
        throw .unreachable("\(host):\(port): \(failure)")
    }

    /// Whether a connection to `host` is decided at once, so that trying it first is a waste.
    static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || host.hasPrefix("127.")
    }

    private static func resolve(host: String, port: UInt16) throws(MQTTError) -> [[UInt8]] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(host, String(port), &hints, &list)
        guard result == 0 else { throw .unreachable("\(host): \(String(cString: gai_strerror(result)))") }
        defer { freeaddrinfo(list) }
        var addresses: [[UInt8]] = []
        var next = list
        while let entry = next?.pointee {
            let bytes = UnsafeRawBufferPointer(start: entry.ai_addr, count: Int(entry.ai_addrlen))
            addresses.append(Array(bytes))
            next = entry.ai_next
        }
        return addresses
    }

    /// Nil if connected, else why not.
    private static func attempt(_ address: [UInt8], timeout: Duration, _ isCancelled: () -> Bool) -> String? {
        address.withUnsafeBytes { bytes in
            guard let start = bytes.bindMemory(to: sockaddr.self).baseAddress else { return "no address" }
            let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            let socket = socket(Int32(start.pointee.sa_family), kind, 0)
            guard socket >= 0 else { return String(cString: strerror(errno)) }
            defer { close(socket) }
            if connect(socket, start, socklen_t(bytes.count)) == 0 { return nil }
            guard errno == EINPROGRESS else { return String(cString: strerror(errno)) }
            var entry = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
            var slices = max(1, timeout.components.seconds * 10)
            while poll(&entry, 1, 100) <= 0 {
                slices -= 1
                if isCancelled() { return "interrupted" }
                if slices <= 0 { return "no answer within \(timeout)" }
            }
            var error: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size)
            return error == 0 ? nil : String(cString: strerror(error))
        }
    }
}
