import GatewayTestKit
import HTTPServer
import Testing

/// Clients that take their time, leave, or come in crowds.
@Suite(.timeLimit(.minutes(5))) struct LimitTests {
    @Test func aHeadThatDribblesIsCutOff() async throws {
        try await withServer({ $0.headerTimeout = .milliseconds(300) }) { port in
            let client = try #require(RawClient(port: port, patience: .milliseconds(20)))
            var received: [UInt8] = []
            var isClosed = false
            client.send("GET / HTTP/1.1\r\nHost: h\r\nX: ")
            for _ in 0..<500 where !isClosed {
                isClosed = !client.send("a")
                if let bytes = client.receive() {
                    received += bytes
                    isClosed = isClosed || bytes.isEmpty
                }
            }
            #expect(isClosed)
            #expect(String(decoding: received, as: UTF8.self).contains("\"code\":\"request_timeout\""))
        }
    }

    @Test func aBodyThatDribblesIsCutOff() async throws {
        try await withServer({ $0.bodyTimeout = .milliseconds(300) }) { port in
            let client = try #require(RawClient(port: port))
            client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc")
            #expect(client.receive(until: "}").hasPrefix("HTTP/1.1 408 "))
        }
    }

    @Test func anIdleConnectionIsClosed() async throws {
        try await withServer({ $0.idleTimeout = .milliseconds(200) }) { port in
            let client = try #require(RawClient(port: port))
            client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(client.receiveText() != nil)
        }
    }

    @Test func aReaderThatDoesNotReadIsCutOffAndItsHandlerTold() async throws {
        let gaveUp = Signal()
        try await withServer(
            { $0.sendTimeout = .milliseconds(400) },
            handler: { _ in
                HTTPResponse(
                    body: .stream { stream in
                        do {
                            while true { try await stream.write([UInt8](repeating: 0x2E, count: 64 * 1024)) }
                        } catch {
                            gaveUp.raise()
                            throw error
                        }
                    })
            }
        ) { port in
            let client = try #require(RawClient(port: port))
            client.shrinkWindow()
            client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            await gaveUp.wait()
        }
    }

    @Test func aWriterWaitsWhileMuchIsUnsent() async throws {
        let reader = Signal()
        try await withServer(handler: { _ in
            HTTPResponse(
                body: .stream { stream in
                    // Far more than the sockets hold: without back-pressure this would end at once.
                    for _ in 0..<1_000 { try await stream.write([UInt8](repeating: 0x2E, count: 64 * 1024)) }
                    reader.raise()
                })
        }) { port in
            let client = try #require(RawClient(port: port))
            client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            #expect(client.receive(1000)?.isEmpty == false)
            #expect(!Eventually.holds(within: .milliseconds(500)) { reader.isRaised }, "64 MB are in memory")
            let rest = try #require(client.receiveAll())
            #expect(rest.count > 1_000 * 64 * 1024)
        }
    }

    @Test func aClientThatLeavesCancelsItsHandler() async throws {
        let started = Signal()
        let cancelled = Signal()
        try await withServer(handler: { _ in
            started.raise()
            // Stays until it is cancelled.
            do { try await Task.sleep(for: .seconds(60)) } catch { cancelled.raise() }
            return HTTPResponse()
        }) { port in
            var client = RawClient(port: port)
            #expect(client?.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n") == true)
            await started.wait()
            client = nil
            await cancelled.wait()
        }
    }

    @Test func aPatientClientOutlastsTheOtherLimits() async throws {
        let go = Signal()
        try await withServer(
            {
                $0.idleTimeout = .milliseconds(100)
                $0.headerTimeout = .milliseconds(100)
                $0.sendTimeout = .milliseconds(100)
            },
            handler: { _ in
                // Longer than every limit set here, none of which may end it.
                do { try await Task.sleep(for: .milliseconds(1_200)) } catch { go.raise() }
                return HTTPResponse("late")
            }
        ) { port in
            let client = try #require(RawClient(port: port))
            client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(client.receive(until: "late").hasSuffix("late"))
            #expect(!go.isRaised)
        }
    }

    @Test func idleClientsMakeRoomForNewOnes() async throws {
        try await withServer({ $0.connectionLimit = 4 }) { port in
            var crowd: [RawClient] = []
            for _ in 0..<40 {
                let client = try #require(RawClient(port: port))
                client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
                #expect(client.receive(until: "GET /").contains("200 OK"))
                crowd.append(client)
            }
            #expect(crowd[0].receive() == [])
            crowd[39].send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(crowd[39].receive(until: "GET /").contains("200 OK"))
        }
    }

    @Test func aCrowdIsTurnedAwayAndRoomIsGivenAgain() async throws {
        try await withServer({ $0.connectionLimit = 4 }) { port in
            var crowd: [RawClient] = []
            for _ in 0..<4 {
                let client = try #require(RawClient(port: port))
                client.send("GET / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n")
                #expect(client.receive(until: "\r\n\r\n").contains("100 Continue"))
                crowd.append(client)
            }
            let refused = try #require(RawClient(port: port))
            #expect(refused.receive(until: "}").hasPrefix("HTTP/1.1 503 "))
            crowd.removeAll()
            let isServed = Eventually.holds {
                guard let client = RawClient(port: port) else { return false }
                client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
                return client.receive(until: "GET /").contains("200 OK")
            }
            #expect(isServed)
        }
    }

    @Test func bodiesInMemoryAreBoundedAltogether() async throws {
        try await withServer({ $0.bodyLimitTotal = 10_000 }) { port in
            let first = try #require(RawClient(port: port))
            first.send(
                "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9000\r\n\r\n" + String(repeating: "x", count: 8_000))
            let second = try #require(RawClient(port: port))
            second.send(
                "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9000\r\n\r\n" + String(repeating: "x", count: 8_000))
            // Whichever came second is told; the other one is served.
            let answers = [first, second].map { client in
                client.send(String(repeating: "x", count: 1_000))
                return client.receive(until: "\n")
            }
            #expect(answers.contains { $0.contains("503 ") })
            let third = try #require(RawClient(port: port))
            third.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc")
            #expect(third.receive(until: "body=3").contains("200 OK"))
        }
    }

    @Test func stoppingLetsARequestFinish() async throws {
        let started = Signal()
        var configuration = HTTPServer.Configuration(listen: [.tcp(host: "127.0.0.1", port: 0)])
        configuration.stopGrace = .seconds(5)
        let server = HTTPServer(configuration) { request in
            started.raise()
            // Not cancellable: the stop has to wait for it.
            await Task.detached { try? await Task.sleep(for: .milliseconds(300)) }.value
            return answer(request)
        }
        try server.listen()
        let port = try #require(server.boundPorts.first)
        let task = Task { try await server.run() }
        try await onOwnThread {
            let idle = try #require(RawClient(port: port))
            let client = try #require(RawClient(port: port))
            client.send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
            await started.wait()
            task.cancel()
            #expect(try #require(client.receiveText()).contains("GET /slow"))
            #expect(idle.receiveAll() == [])
        }
        try await task.value
        #expect(RawClient(port: port) == nil)
    }

    @Test func stoppingDoesNotWaitForEver() async throws {
        let never = Signal()
        try await withServer(
            { $0.stopLimit = .milliseconds(400) },
            handler: { _ in
                await never.wait()
                return HTTPResponse()
            }
        ) { port in
            let client = try #require(RawClient(port: port))
            client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            _ = RawClient(port: port)
        }
        never.raise()
    }
}
