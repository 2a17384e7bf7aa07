import GatewayTestKit
import Testing

@testable import HTTPClient

struct HTTPClientTests {
    private func settings(_ change: (inout ClientSettings) -> Void) -> ClientSettings {
        var settings = ClientSettings()
        change(&settings)
        return settings
    }

    private func error(
        _ answer: [UInt8], _ change: (inout ClientSettings) -> Void = { _ in }
    ) throws -> HTTPClientError? {
        let server = try ScriptedServer([answer])
        let client = try HTTPClient(settings(change))
        do throws(HTTPClientError) {
            _ = try client.send(ClientRequest(.get, server.url))
            return nil
        } catch {
            return error
        }
    }

    @Test func anAnswerComesWithStatusHeadersAndBody() throws {
        let server = try ScriptedServer([
            answer("hello", status: "429 Slow", headers: "Retry-After:  17 \r\nX-A: b\r\n")
        ])
        let got = try HTTPClient().send(
            ClientRequest(.post, server.url, headers: [.init("X-Token", "t")], body: Array("body".utf8)))
        #expect(got.status == 429)
        #expect(got.body == Array("hello".utf8))
        #expect(got.header("retry-after") == "17")
        #expect(got.header("X-A") == "b")
        #expect(got.header("x-b") == nil)
        let request = try #require(server.requests.first)
        #expect(request.hasPrefix("POST / HTTP/1.1\r\n"))
        #expect(request.contains("X-Token: t\r\n"))
        #expect(request.hasSuffix("\r\n\r\nbody"))
        #expect(!request.contains("Expect"))
    }

    @Test func aRequestNamesTheProgramUnlessItNamesAnother() throws {
        let server = try ScriptedServer([answer("")])
        let client = try HTTPClient(settings { $0.userAgent = "mycogate/7" })
        for headers in [[], [ClientRequest.Header("user-agent", "other")], []] {
            _ = try client.send(ClientRequest(.get, server.url, headers: headers))
        }
        let names = server.requests.map { request in
            request.split(separator: "\r\n").filter { $0.lowercased().hasPrefix("user-agent:") }
        }
        #expect(names == [["User-Agent: mycogate/7"], ["user-agent: other"], ["User-Agent: mycogate/7"]])
    }

    @Test func oneAddressAfterAnotherIsAskedForAsItIsWritten() throws {
        let server = try ScriptedServer([answer("")])
        let client = try HTTPClient()
        let paths = ["a/b?c=d%20e#part", "", "not a url", "a/../b;x", "a/b?c=d%20e"]
        for path in paths {
            do throws(HTTPClientError) {
                _ = try client.send(ClientRequest(.get, path.contains(" ") ? path : server.url + path))
            } catch {
                #expect(error.code == "bad_request")
            }
        }
        let lines = server.requests.map { $0.prefix { $0 != "\r\n" } }
        let targets = ["/a/b?c=d%20e", "/", "/b;x", "/a/b?c=d%20e"]
        #expect(lines == targets.map { "GET \($0) HTTP/1.1" })
    }

    @Test(arguments: [ClientRequest.Method.get, .post, .put, .delete, .head])
    func everyMethodIsSentAsItself(method: ClientRequest.Method) throws {
        let server = try ScriptedServer([answer("")])
        let client = try HTTPClient()
        for method in [ClientRequest.Method.post, method, .get, method] {
            _ = try client.send(ClientRequest(method, server.url, body: Array("x".utf8)))
        }
        let sent = server.requests.map { $0.prefix { $0 != " " } }
        #expect(sent == ["POST", Substring(method.rawValue), "GET", Substring(method.rawValue)])
    }

    @Test func redirectsAreNeverFollowed() throws {
        let server = try ScriptedServer([answer("", status: "302 Found", headers: "Location: /other\r\n")])
        let got = try HTTPClient().send(ClientRequest(.get, server.url))
        #expect(got.status == 302)
        #expect(server.requests.count == 1)
    }

    @Test func aBodyBeyondTheLimitIsRefused() throws {
        let error = try error(answer(String(repeating: "x", count: 5_000))) { $0.answerByteCountMax = 4_999 }
        #expect(error == .tooLarge(limit: 4_999))
        #expect(try self.error(answer(String(repeating: "x", count: 5_000))) { $0.answerByteCountMax = 5_000 } == nil)
    }

    @Test func endlessHeadersAreRefused() throws {
        let headers = (0..<2_000).map { "X-\($0): \(String(repeating: "y", count: 50))\r\n" }.joined()
        #expect(try error(answer("", headers: headers)) == .tooLarge(limit: 64 << 10))
    }

    @Test func brokenAnswersAreErrors() throws {
        #expect(try error(Array(answer("half a body").dropLast(4)))?.code == "connection_lost")
        #expect(try error([])?.code == "connection_lost")
        #expect(try error(Array("SSH-2.0-OpenSSH_9.2\r\n".utf8)) != nil)
    }

    @Test func nobodyThereIsTyped() throws {
        let client = try HTTPClient()
        #expect { try client.send(ClientRequest(.get, "http://127.0.0.1:1/")) } throws: {
            ($0 as? HTTPClientError)?.code == "connection_refused"
        }
        #expect { try client.send(ClientRequest(.get, "http://no-such-host.invalid/")) } throws: {
            ($0 as? HTTPClientError)?.code == "could_not_resolve"
        }
    }

    @Test func aPlainServerIsNoTLSPeer() throws {
        let server = try ScriptedServer([answer("")])
        let client = try HTTPClient()
        #expect { try client.send(ClientRequest(.get, "https://127.0.0.1:\(server.port)/")) } throws: {
            ($0 as? HTTPClientError)?.code == "tls_failed"
        }
    }

    @Test(arguments: ["", "no url at all", "file:///etc/passwd", "ftp://127.0.0.1/", "http://", "gopher://x/"])
    func onlyHTTPURLsAreTaken(url: String) throws {
        let client = try HTTPClient()
        #expect(throws: HTTPClientError.self) { try client.send(ClientRequest(.get, url)) }
    }

    @Test(arguments: [("X-A", "b\r\nX-Evil: 1"), ("X-A\n", "b"), ("", "b"), ("X", "a\0b")])
    func headersCannotBeInjected(name: String, value: String) throws {
        let server = try ScriptedServer([answer("")])
        let client = try HTTPClient()
        #expect { try client.send(ClientRequest(.get, server.url, headers: [.init(name, value)])) } throws: {
            ($0 as? HTTPClientError)?.code == "bad_request"
        }
        #expect(server.requests.isEmpty)
        #expect(try client.send(ClientRequest(.get, server.url)).status == 200)
    }

    @Test func anAnswerThatNeverComesTimesOut() throws {
        let mas = try StandInMAS()
        mas.misbehave(.silent)
        let client = try HTTPClient(settings { $0.totalTimeout = .milliseconds(50) })
        #expect { try client.send(ClientRequest(.post, mas.url + "/api/iot/envelope/ingest")) } throws: {
            ($0 as? HTTPClientError)?.code == "timed_out"
        }
    }

    @Test func aUnixSocketIsReached() throws {
        let folder = try TemporaryFolder()
        let server = try ScriptedServer([answer("local")], unixSocket: folder.file("control.sock"))
        let client = try HTTPClient(settings { $0.unixSocketPath = folder.file("control.sock") })
        #expect(try client.send(ClientRequest(.get, "http://mycogate/api")).body == Array("local".utf8))
        #expect(server.requests.first?.contains("Host: mycogate\r\n") == true)
    }

    @Test func aStreamedBodyComesPieceByPieceAndCanBeStopped() throws {
        let body = String(repeating: "0123456789", count: 200_000)
        let server = try ScriptedServer([answer(body)])
        let client = try HTTPClient()
        var count = 0
        let got = try client.stream(ClientRequest(.get, server.url)) { bytes in
            count += bytes.count
            return true
        }
        #expect(count == 2_000_000)
        #expect(got.body.isEmpty)
        #expect(throws: HTTPClientError.interrupted) {
            try client.stream(ClientRequest(.get, server.url)) { _ in false }
        }
        #expect(throws: HTTPClientError.self) {
            try client.stream(ClientRequest(.get, server.url, headers: [.init("", "")])) { _ in true }
        }
    }

    @Test func theEnvironmentDoesNotChooseAProxy() throws {
        let server = try ScriptedServer([answer("direct")])
        let proxy = try ScriptedServer([answer("by proxy")])
        let proxied = try HTTPClient(settings { $0.proxy = "http://127.0.0.1:\(proxy.port)" })
        #expect(try proxied.send(ClientRequest(.get, server.url)).body == Array("by proxy".utf8))
        #expect(try HTTPClient().send(ClientRequest(.get, server.url)).body == Array("direct".utf8))
    }
}
