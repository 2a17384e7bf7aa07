import Glibc
import GatewayTestKit

/// Answers connections with given bytes, one script after another: what no proper server would send.
final class ScriptedServer: Sendable {
    private let listener: Int32
    let port: UInt16
    private let seen = Monitor<[[UInt8]]>([])

    /// Each connection reads one request and gets the next of `answers`, then is closed; the last one serves the rest.
    /// With `unixSocket` it listens there.
    init(_ answers: [[UInt8]], unixSocket path: String? = nil) throws {
        struct CannotListen: Error {}
        let family = path == nil ? AF_INET : AF_UNIX
        let listener = socket(family, Int32(SOCK_STREAM.rawValue), 0)
        var boundPort: UInt16 = 0
        if let path {
            var name = sockaddr_un()
            name.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
            let length = socklen_t(MemoryLayout<sockaddr_un>.size)
            let result = withUnsafePointer(to: &name) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, length) }
            }
            guard result == 0 else { throw CannotListen() }
        } else {
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let result = withUnsafeMutablePointer(to: &name) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    bind(listener, address, length) == 0 ? getsockname(listener, address, &length) : -1
                }
            }
            guard result == 0 else { throw CannotListen() }
            boundPort = UInt16(bigEndian: name.sin_port)
        }
        guard listen(listener, 16) == 0 else { throw CannotListen() }
        self.listener = listener
        port = boundPort
        let script = Unmanaged.passRetained(Script(answers, listener, seen))
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<Script>.fromOpaque(context).takeRetainedValue().run() }
                return nil
            }, script.toOpaque())
        pthread_detach(thread)
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    var url: String { "http://127.0.0.1:\(port)/" }

    /// The requests so far, each as read in one go.
    var requests: [String] { seen.withLock { $0.map { String(decoding: $0, as: UTF8.self) } } }

    private final class Script {
        private let answers: [[UInt8]]
        private let listener: Int32
        private let seen: Monitor<[[UInt8]]>

        init(_ answers: [[UInt8]], _ listener: Int32, _ seen: Monitor<[[UInt8]]>) {
            self.answers = answers
            self.listener = listener
            self.seen = seen
        }

        func run() {
            var count = 0
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { break }
                var buffer = [UInt8](repeating: 0, count: 64 << 10)
                let received = recv(connection, &buffer, buffer.count, 0)
                seen.withLock { $0.append(Array(buffer.prefix(max(0, received)))) }
                let answer = answers[min(count, answers.count - 1)]
                var sent = 0
                while sent < answer.count {
                    let written = answer.withUnsafeBytes { bytes in
                        bytes.baseAddress.map { send(connection, $0 + sent, answer.count - sent, Int32(MSG_NOSIGNAL)) }
                            ?? -1
                    }
                    guard written > 0 else { break }
                    sent += written
                }
                count += 1
                close(connection)
            }
            close(listener)
        }
    }
}

/// A complete answer with this body.
func answer(_ body: String, status: String = "200 OK", headers: String = "") -> [UInt8] {
    Array("HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)".utf8)
}
