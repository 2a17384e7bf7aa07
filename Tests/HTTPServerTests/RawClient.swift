import Glibc

/// A client that says exactly what it is told, byte by byte, on a blocking socket.
final class RawClient {
    private let descriptor: Int32

    /// Connects to a loopback port; reads wait at most `patience`.
    init?(port: UInt16, patience: Duration = .seconds(5)) {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else {
            close(descriptor)
            return nil
        }
        setPatience(patience)
    }

    /// Connects to a socket file.
    init?(path: String) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard connected == 0 else {
            close(descriptor)
            return nil
        }
        setPatience(.seconds(5))
    }

    deinit { close(descriptor) }

    private func setPatience(_ patience: Duration) {
        var time = timeval()
        time.tv_sec = Int(patience.components.seconds)
        time.tv_usec = Int(patience.components.attoseconds / 1_000_000_000_000)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    /// A small receive window, so that a reader that does not read is felt soon.
    func shrinkWindow() {
        var size: Int32 = 4096
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    }

    /// False when the server has closed.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return false }
            sent += count
        }
        return true
    }

    @discardableResult
    func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Up to `count` bytes; empty at the end, nil when patience has run out or the connection was reset.
    func receive(_ count: Int = 65_536) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        let received = recv(descriptor, &bytes, count, 0)
        return received < 0 ? nil : Array(bytes.prefix(received))
    }

    /// What comes until the text contains `mark`, the connection ends or patience runs out.
    func receive(until mark: String) -> String {
        var all: [UInt8] = []
        while let bytes = receive(), !bytes.isEmpty {
            all += bytes
            let text = String(decoding: all, as: UTF8.self)
            if text.contains(mark) { return text }
        }
        return String(decoding: all, as: UTF8.self)
    }

    /// Everything until the server closes; nil if it does not within the patience.
    func receiveAll() -> [UInt8]? {
        var all: [UInt8] = []
        while let bytes = receive() {
            if bytes.isEmpty { return all }
            all += bytes
        }
        return nil
    }

    func receiveText() -> String? { receiveAll().map { String(decoding: $0, as: UTF8.self) } }
}
