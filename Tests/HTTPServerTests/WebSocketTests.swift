import GatewayTestKit
import HTTPServer
import Synchronization
import Testing

/// WebSocket connections over the wire.
@Suite(.timeLimit(.minutes(5))) struct WebSocketTests {
    private static let handshake =
        "GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

    /// Says back what it is told, at once or when it is allowed to.
    private final class Echo: Sendable {
        let sockets = Mutex<[WebSocket]>([])
        let isDeaf = Mutex(false)
        let isClosed = Signal()

        func answer(_ request: HTTPRequest) -> HTTPResponse {
            let socket = WebSocket(messageLimit: 100_000) { socket in
                self.sockets.withLock { if !$0.contains(where: { $0 === socket }) { $0.append(socket) } }
                if socket.isClosed { self.isClosed.raise() }
                if !self.isDeaf.withLock({ $0 }) { self.work() }
            }
            return .webSocket(socket, answering: request)
        }

        func work() {
            for socket in sockets.withLock({ $0 }) {
                for case .text(let text) in socket.take(max: 10) { socket.send(text: text) }
            }
        }
    }

    /// Carries a client out of the thread of its test, which has ended then.
    private final class Kept: @unchecked Sendable {
        var value: RawClient?
    }

    private func opened(_ port: UInt16) throws -> RawClient {
        let client = try #require(RawClient(port: port))
        client.send(Self.handshake)
        let head = client.receive(until: "\r\n\r\n")
        #expect(head.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
        #expect(head.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nConnection: Upgrade\r\n\r\n"))
        return client
    }

    private func bytes(_ client: RawClient, _ count: Int) -> [UInt8] {
        var all: [UInt8] = []
        while all.count < count, let more = client.receive(count - all.count), !more.isEmpty { all += more }
        return all
    }

    @Test func messagesGoBothWaysAndPingsAreAnswered() async throws {
        let echo = Echo()
        try await withServer(handler: { echo.answer($0) }) { port in
            let client = try opened(port)
            client.send(ClientFrame.bytes(9, [1, 2]) + ClientFrame.bytes(1, Array("Hello".utf8)))
            #expect(bytes(client, 11) == [0x8A, 2, 1, 2, 0x81, 5] + Array("Hello".utf8))
            // A message may be longer than what is read at once.
            let long = [UInt8](repeating: 0x61, count: 90_000)
            client.send(ClientFrame.bytes(1, long))
            #expect(bytes(client, 90_010) == [0x81, 127, 0, 0, 0, 0, 0, 1, 0x5F, 0x90] + long)
            client.send(ClientFrame.bytes(8, [0x03, 0xE8]))
            #expect(client.receiveAll() == [0x88, 2, 0x03, 0xE8])
            await echo.isClosed.wait()
        }
    }

    @Test func whatComesTooLongOrMalformedIsClosedWithItsCode() async throws {
        let echo = Echo()
        try await withServer(handler: { echo.answer($0) }) { port in
            let long = try opened(port)
            long.send([0x81, 0xFF, 0, 0, 0, 0, 0, 2, 0, 0])
            #expect(long.receiveAll() == [0x88, 2, 0x03, 0xF1])
            let wrong = try opened(port)
            wrong.send([0x81, 0x01, 0x41])
            #expect(wrong.receiveAll() == [0x88, 2, 0x03, 0xEA])
        }
    }

    @Test func aRequestThatIsNoHandshakeIsTold() async throws {
        let echo = Echo()
        try await withServer(handler: { echo.answer($0) }) { port in
            for (line, status) in [
                ("Sec-WebSocket-Version: 13", "426"), ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "400"),
                ("Upgrade: websocket", "426"), ("Connection: keep-alive, Upgrade", "426"),
            ] {
                let client = try #require(RawClient(port: port))
                client.send(Self.handshake.replacing(line + "\r\n", with: ""))
                #expect(client.receive(until: "\n").hasPrefix("HTTP/1.1 \(status) "), "\(line)")
            }
        }
        #expect(echo.sockets.withLock { $0.isEmpty })
    }

    @Test func aPeerWhoseMessagesNobodyTakesWaitsAndOthersDoNot() async throws {
        let echo = Echo()
        try await withServer(handler: { echo.answer($0) }) { port in
            let flood = try opened(port)
            #expect(Eventually.holds { echo.sockets.withLock { $0.count } == 1 })
            echo.isDeaf.withLock { $0 = true }
            // Twice what may wait; the rest stays in the network.
            for number in 0..<128 { flood.send(ClientFrame.bytes(1, [0x30 + UInt8(number % 10)])) }
            let other = try opened(port)
            other.send(ClientFrame.bytes(9, [5]))
            #expect(bytes(other, 3) == [0x8A, 1, 5])
            let socket = try #require(echo.sockets.withLock { $0.first })
            var taken: [WebSocket.Message] = []
            var largest = 0
            #expect(
                Eventually.holds {
                    let more = socket.take(max: 1_000)
                    largest = max(largest, more.count)
                    taken += more
                    return taken.count == 128
                })
            #expect(largest <= 64)
            #expect(taken == (0..<128).map { .text([0x30 + UInt8($0 % 10)]) })
        }
    }

    @Test func aSlowReaderIsNotSentMoreThanMayWait() async throws {
        let echo = Echo()
        try await withServer({ $0.sendTimeout = .milliseconds(400) }, handler: { echo.answer($0) }) { port in
            let client = try opened(port)
            client.shrinkWindow()
            #expect(Eventually.holds { echo.sockets.withLock { $0.count } == 1 })
            let socket = try #require(echo.sockets.withLock { $0.first })
            let text = [UInt8](repeating: 0x61, count: 60_000)
            // The kernel takes some megabytes, then the queue is full; nothing is read, so the connection is given up.
            #expect(Eventually.holds { !socket.send(text: text) })
            await echo.isClosed.wait()
            #expect(!socket.send(text: [0x61]))
        }
    }

    @Test func aSilentPeerIsAskedAndThenGivenUp() async throws {
        let echo = Echo()
        try await withServer({ $0.idleTimeout = .milliseconds(500) }, handler: { echo.answer($0) }) { port in
            let client = try opened(port)
            #expect(client.receiveAll()?.starts(with: [0x89, 0]) == true)
            await echo.isClosed.wait()
        }
    }

    @Test func theServerSaysGoodbyeWhenItStops() async throws {
        let echo = Echo()
        let client = Kept()
        try await withServer({ $0.sendTimeout = .milliseconds(200) }, handler: { echo.answer($0) }) { port in
            client.value = try opened(port)
        }
        await echo.isClosed.wait()
        #expect(client.value?.receiveAll() == [0x88, 2, 0x03, 0xE9])
    }
}
