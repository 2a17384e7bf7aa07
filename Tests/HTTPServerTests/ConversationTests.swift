import GatewayTestKit
import HTTPServer
import Testing

/// What goes over the wire, told byte by byte.
@Suite(.timeLimit(.minutes(5))) struct ConversationTests {
    @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
        try await withServer { port in
            let client = try #require(RawClient(port: port))
            let many = (0..<200).map { "GET /\($0) HTTP/1.1\r\nHost: h\r\n\r\n" }.joined()
            client.send(many + "GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            let text = try #require(client.receiveText())
            let lines = text.unicodeScalars.split(separator: "\n").map { String($0) }
            let paths = lines.filter { $0.hasPrefix("GET ") }.map { String($0.split(separator: " ")[1]) }
            #expect(paths == (0..<200).map { "/\($0)" } + ["/last"])
        }
    }

    @Test func headHasTheLengthButNotTheBody() async throws {
        try await withServer { port in
            let client = try #require(RawClient(port: port))
            client.send("HEAD /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            let text = try #require(client.receiveText())
            #expect(text.contains("Content-Length: 15\r\n"))
            #expect(text.hasSuffix("\r\n\r\n"))
        }
    }

    @Test func unknownMethodsReachTheHandler() async throws {
        try await withServer { port in
            let client = try #require(RawClient(port: port))
            client.send("BREW /pot HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(client.receive(until: "BREW /pot").contains("200 OK"))
        }
    }

    @Test func aClientThatExpectsContinueGetsIt() async throws {
        try await withServer { port in
            let client = try #require(RawClient(port: port))
            client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
            #expect(client.receive(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            client.send("hello")
            #expect(client.receive(until: "body=5").contains("200 OK"))
        }
    }

    @Test func aTooLongBodyIsRefusedBeforeItComes() async throws {
        try await withServer({ $0.bodyLimit = 1000 }) { port in
            let client = try #require(RawClient(port: port))
            client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n")
            #expect(client.receive(until: "}").hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test func theAnswer413ArrivesThoughTheClientKeepsSending() async throws {
        try await withServer({ $0.bodyLimit = 1000 }) { port in
            let client = try #require(RawClient(port: port))
            client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n")
            client.send([UInt8](repeating: 0x61, count: 300_000))
            #expect(client.receive(until: "}").contains("\"code\":\"body_too_large\""))
        }
    }

    @Test func anHTTP10StreamEndsWithTheConnection() async throws {
        try await withServer(handler: { _ in
            HTTPResponse(body: .stream { stream in for _ in 0..<3 { try await stream.write("piece\n") } })
        }) { port in
            let client = try #require(RawClient(port: port))
            client.send("GET / HTTP/1.0\r\n\r\n")
            let text = try #require(client.receiveText())
            #expect(!text.contains("chunked"))
            #expect(text.hasSuffix("\r\n\r\npiece\npiece\npiece\n"))
        }
    }

    @Test func streamsAreChunkedAndTheConnectionGoesOn() async throws {
        try await withServer(handler: { request in
            guard request.path == "/stream" else { return answer(request) }
            return HTTPResponse(
                body: .stream { stream in
                    try await stream.write("ab")
                    try await stream.write("")
                    try await stream.write("cde")
                })
        }) { port in
            let client = try #require(RawClient(port: port))
            client.send(
                "GET /stream HTTP/1.1\r\nHost: h\r\n\r\nGET /after HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            let text = try #require(client.receiveText())
            #expect(text.contains("2\r\nab\r\n3\r\ncde\r\n0\r\n\r\nHTTP/1.1 200 OK"))
            #expect(text.contains("GET /after"))
        }
    }

    @Test func aStreamThatFailsIsCutSoThatNobodyTakesItForWhole() async throws {
        struct Failure: Error {}
        try await withServer(handler: { _ in
            HTTPResponse(
                body: .stream { stream in
                    try await stream.write("half")
                    throw Failure()
                })
        }) { port in
            let client = try #require(RawClient(port: port))
            client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            var all: [UInt8] = []
            while let bytes = client.receive(), !bytes.isEmpty { all += bytes }
            #expect(!String(decoding: all, as: UTF8.self).contains("0\r\n\r\n"))
        }
    }

    @Test func headerValuesCannotSplitAResponse() async throws {
        try await withServer(handler: { _ in
            HTTPResponse(headers: ["X-A": "1\r\nX-Evil: 2", "Content-Length": "99", "bad name": "x"])
        }) { port in
            let client = try #require(RawClient(port: port))
            client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            let text = try #require(client.receiveText())
            #expect(text.contains("X-A: 1  X-Evil: 2\r\n"))
            #expect(text.contains("Content-Length: 0\r\n") && !text.contains("99") && !text.contains("bad name"))
        }
    }

    @Test func aClientThatHasSaidAllIsStillAnswered() async throws {
        try await withServer { port in
            let client = try #require(RawClient(port: port))
            client.send("GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
            client.finishSending()
            #expect(try #require(client.receiveText()).contains("GET /x"))
        }
    }

    @Test func rubbishIsRefusedAndTheNextClientIsServed() async throws {
        try await withServer { port in
            var random = SeededRandom(seed: 7)
            let seed = Array(
                "POST /a?b=c HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello".utf8)
            for round in 0..<400 {
                let client = try #require(RawClient(port: port))
                client.send(round % 4 == 0 ? random.bytes(random.integer(in: 1...600)) : random.mutated(seed))
                client.finishSending()
                while let bytes = client.receive(), !bytes.isEmpty {}
            }
            let client = try #require(RawClient(port: port))
            client.send("GET /fine HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(client.receive(until: "GET /fine").contains("200 OK"))
        }
    }
}
