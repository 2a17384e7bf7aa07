import GatewayTestKit
import Glibc
import HTTPClient
import HTTPServer
import Testing

/// Whole exchanges with libcurl, plain and over TLS.
@Suite(.timeLimit(.minutes(5))) struct TransferTests {
    private func echo(_ request: HTTPRequest) -> HTTPResponse {
        HTTPResponse(
            status: 200, headers: ["X-TLS": "\(request.isTLS)", "X-Path": request.path], body: .bytes(request.body))
    }

    @Test func bodiesOfAllSizesComeBackAsTheyWent() async throws {
        try await withServer({ $0.bodyLimit = 2_000_000 }, handler: { echo($0) }) { port in
            let client = try HTTPClient()
            for size in [0, 1, 1023, 1024, 1025, 4095, 65_535, 65_536, 65_537, 200_000, 999_999] {
                let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
                let answer = try client.send(ClientRequest(.post, "http://127.0.0.1:\(port)/size/\(size)", body: body))
                #expect(answer.status == 200 && answer.body == body, "\(size) bytes")
                #expect(answer.header("x-path") == "/size/\(size)")
            }
        }
    }

    @Test func aLongStreamArrivesWhole() async throws {
        let line = Array("{\"seq\":1201,\"readings\":[{\"id\":\"bme688_a.temperature\",\"v\":22.5}]}\n".utf8)
        let piece = Array(repeatElement(line, count: 500).joined())
        try await withServer(handler: { _ in
            HTTPResponse(body: .stream { stream in for _ in 0..<600 { try await stream.write(piece) } })
        }) { port in
            let client = try HTTPClient()
            var received = 0
            var lines = 0
            let answer = try client.stream(ClientRequest(.get, "http://127.0.0.1:\(port)/")) { bytes in
                received += bytes.count
                lines += bytes.count { $0 == 0x0A }
                return true
            }
            #expect(answer.status == 200)
            #expect(received == 600 * piece.count && lines == 300_000)
        }
    }

    @Test func manyClientsAreServedAtOnce() async throws {
        try await withServer(handler: { echo($0) }) { port in
            let served = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<16 {
                    group.addTask {
                        try await onOwnThread {
                            let client = try HTTPClient()
                            var served = 0
                            for round in 0..<50 {
                                let body = Array("\(number) \(round)".utf8)
                                let request = ClientRequest(.post, "http://127.0.0.1:\(port)/x", body: body)
                                if try client.send(request).body == body { served += 1 }
                            }
                            return served
                        }
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(served == 800)
        }
    }

    @Test(.enabled(if: access("/usr/bin/openssl", X_OK) == 0 && access("/usr/bin/curl", X_OK) == 0))
    func requestsComeOverTLS() async throws {
        let folder = try TemporaryFolder()
        let files = HTTPServer.TLSFiles(certificateChain: folder.file("c.pem"), privateKey: folder.file("k.pem"))
        try run(
            "/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-keyout", files.privateKey, "-out", files.certificateChain, "-days", "2", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=IP:127.0.0.1")
        try await withServer({ $0.tls = files }, handler: { echo($0) }) { port in
            let sent = folder.file("sent")
            let body = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            try File.write(body, to: sent)
            try run(
                "/usr/bin/curl", "-sf", "--max-time", "10", "--cacert", files.certificateChain, "--data-binary",
                "@" + sent,
                "-D", folder.file("head"), "-o", folder.file("received"), "https://127.0.0.1:\(port)/secret")
            #expect(try File.bytes(folder.file("received")) == body)
            #expect(try File.text(folder.file("head")).contains("X-TLS: true"))
            // Plain text on a TLS port is turned away without harm.
            let plain = try #require(RawClient(port: port))
            plain.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(!plain.receive(until: "\n").contains("200 OK"))
        }
    }

    private struct Failed: Error {
        var command: String
        var status: Int32
    }

    /// Runs a program to its end, quietly.
    private func run(_ command: String...) throws {
        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        defer { posix_spawn_file_actions_destroy(&actions) }
        var process = pid_t()
        guard posix_spawn(&process, command[0], &actions, nil, &arguments, environ) == 0 else {
            throw Failed(command: command[0], status: -1)
        }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
        guard status == 0 else { throw Failed(command: command.joined(separator: " "), status: status) }
    }
}
