import GatewayTestKit
import Glibc
import HTTPServer
import Testing

/// Ports, socket files and certificates.
@Suite(.timeLimit(.minutes(5))) struct ListenTests {
    @Test func aPortInUseIsNamed() async throws {
        let first = HTTPServer(.init(listen: [.tcp(host: "127.0.0.1", port: 0)])) { answer($0) }
        try first.listen()
        let port = try #require(first.boundPorts.first)
        let second = HTTPServer(.init(listen: [.tcp(host: "127.0.0.1", port: port)])) { answer($0) }
        let error = await #expect(throws: HTTPServerError.self) { try await second.run() }
        #expect(error == .portInUse(host: "127.0.0.1", port: port))
        #expect(error?.description.contains(String(port)) == true)
    }

    @Test func anAddressThatIsNotOursCannotBeListenedOn() {
        let server = HTTPServer(.init(listen: [.tcp(host: "192.0.2.1", port: 0)])) { answer($0) }
        let error = #expect(throws: HTTPServerError.self) { try server.listen() }
        #expect(error?.code == "cannot_listen")
    }

    @Test func aServerRunsOnce() async throws {
        let server = HTTPServer(.init(listen: [.tcp(host: "127.0.0.1", port: 0)])) { answer($0) }
        let task = Task { try await server.run() }
        task.cancel()
        try await task.value
        await #expect(throws: HTTPServerError.alreadyRun) { try await server.run() }
    }

    @Test func aSocketFileHasItsRightsAndTellsWhoConnects() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("control.sock")
        try await withServer(
            { $0.listen.append(.unix(path: path, mode: 0o620, group: nil)) },
            handler: { request in
                HTTPResponse("\(request.peer)\n")
            }
        ) { _ in
            var status = stat()
            #expect(stat(path, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o620)
            let client = try #require(RawClient(path: path))
            client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            let text = try #require(client.receiveText())
            #expect(text.contains("unix(uid: \(getuid()), gid: \(getgid())"))
            #expect(text.contains("pid: \(getpid())"))
        }
        #expect(access(path, F_OK) != 0, "the file goes with the server")
    }

    @Test func aStaleSocketFileIsReplacedAndALivingOneIsNot() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("control.sock")
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        close(descriptor)
        #expect(RawClient(path: path) == nil)
        let endpoint = HTTPServer.Endpoint.unix(path: path, mode: 0o600, group: nil)
        let first = HTTPServer(.init(listen: [endpoint])) { answer($0) }
        try first.listen()
        #expect(RawClient(path: path) != nil)
        let second = HTTPServer(.init(listen: [endpoint])) { answer($0) }
        #expect(throws: HTTPServerError.socketInUse(path: path)) { try second.listen() }
    }

    @Test func aMissingCertificateIsNamed() async throws {
        let files = HTTPServer.TLSFiles(certificateChain: "/nonexistent/c.pem", privateKey: "/nonexistent/k.pem")
        let server = HTTPServer(.init(listen: [.tcp(host: "127.0.0.1", port: 0)], tls: files)) { answer($0) }
        let error = await #expect(throws: HTTPServerError.self) { try await server.run() }
        #expect(error?.code == "certificate_unusable")
    }
}
