import GatewayTestKit
import Testing

@testable import HTTPServer

@Suite struct RequestReaderTests {
    private func reader() -> RequestReader { RequestReader(headerLimit: 1024, bodyLimit: 4096) }

    /// What a reader makes of `text` given whole.
    private func read(_ text: String) -> RequestReader.Step {
        var reader = reader()
        Array(text.utf8).withUnsafeBytes { reader.append($0) }
        return reader.step()
    }

    private func status(_ text: String) -> Int? {
        if case .refused(let refusal) = read(text) { refusal.status } else { nil }
    }

    private func head(_ text: String) throws -> (RequestHead, [UInt8]) {
        guard case .request(let head, let body) = read(text) else {
            throw Refusal(0, "no_request", "\(read(text))")
        }
        return (head, body)
    }

    @Test func aPlainRequestIsUnderstood() throws {
        let (head, body) = try head(
            "GET /a%20b/c%2Fd/?x=1+2&y&z=%C3%BC HTTP/1.1\r\nHost: here:80\r\nX-A: 1\r\nx-a:2 \r\n\r\n")
        #expect(head.method == "GET")
        #expect(head.target.path == "/a b/c/d/")
        #expect(head.target.segments == ["a b", "c/d", ""])
        #expect(
            head.target.query == [
                .init(name: "x", value: "1 2"), .init(name: "y", value: ""), .init(name: "z", value: "ü"),
            ])
        #expect(head.headers.values(of: "X-A") == ["1", "2"])
        #expect(head.headers["host"] == "here:80")
        #expect(head.keepsAlive && body.isEmpty)
    }

    @Test func anAbsoluteTargetReplacesTheHost() throws {
        let (head, _) = try head("GET http://there:8003?q=1 HTTP/1.1\r\nHost: here\r\n\r\n")
        #expect(head.headers.values(of: "Host") == ["there:8003"])
        #expect(head.target.path == "/")
        #expect(head.target.query.count == 1)
    }

    @Test(arguments: [
        "GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n", "GET /%4 HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /a%00b HTTP/1.1\r\nHost: h\r\n\r\n", "GET /%ff%fe HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /?a=%g1 HTTP/1.1\r\nHost: h\r\n\r\n", "GET /a/../b HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /a/%2e%2E/b HTTP/1.1\r\nHost: h\r\n\r\n", "GET /a%2f..%2fb HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET a HTTP/1.1\r\nHost: h\r\n\r\n", "GET * HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET ftp://x/ HTTP/1.1\r\nHost: h\r\n\r\n", "CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET /\r\n\r\n",
        "GET  / HTTP/1.1\r\n\r\n",
        "G(T / HTTP/1.1\r\nHost: h\r\n\r\n", "GET / HTTP/1.1\r\nHost : h\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\nHost: h\n\n", "GET / HTTP/1.1\r\nHost: h\r\nX: a\u{0}b\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: \r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
    ])
    func malformedRequestsAreRefused(_ text: String) { #expect(status(text) == 400) }

    @Test func otherRefusalsSayWhy() {
        #expect(status("GET / HTTP/2.0\r\nHost: h\r\n\r\n") == 505)
        #expect(status("GET / HTTP/1.1\r\nHost: h\r\nX: \(String(repeating: "x", count: 2000))\r\n\r\n") == 431)
        #expect(status("GET /" + String(repeating: "x", count: 2000)) == 431)
        #expect(status("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\n\r\n") == 413)
        #expect(status("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 999999999999999999999\r\n\r\n") == 400)
        #expect(status("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1001\r\n") == 413)
        #expect(status("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n") == 413)
        #expect(status("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n") == 501)
        #expect(status("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nExpect: tea\r\n\r\n") == 417)
    }

    @Test func versionsDecideWhetherTheConnectionStays() throws {
        #expect(try !head("GET / HTTP/1.0\r\n\r\n").0.keepsAlive)
        #expect(try head("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").0.keepsAlive)
        #expect(try !head("GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, CLOSE\r\n\r\n").0.keepsAlive)
    }

    @Test func chunkedBodiesAreDecodedByteByByte() throws {
        let text =
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n3;ext=\"a\"\r\nabc\r\n0002\r\nde\r\n0\r\nT: 1\r\n\r\n"
            + "GET /next HTTP/1.1\r\nHost: h\r\n\r\n"
        var reader = reader()
        var bodies: [String] = []
        for byte in text.utf8 {
            [byte].withUnsafeBytes { reader.append($0) }
            if case .request(let head, let body) = reader.step() {
                bodies.append(head.target.path + " " + String(decoding: body, as: UTF8.self))
            }
        }
        #expect(bodies == ["/ abcde", "/next "])
        #expect(reader.progress == .idle)
    }

    @Test func leaveToSendIsGivenOnceAndOnlyIfNeeded() {
        let head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-Continue\r\n\r\n"
        var reader = reader()
        Array(head.utf8).withUnsafeBytes { reader.append($0) }
        guard case .sendContinue = reader.step(), case .needsBytes = reader.step() else {
            Issue.record("no leave to send")
            return
        }
        guard case .request = read(head + "abc") else {
            Issue.record("the body was there already")
            return
        }
    }

    @Test func everySplitOfARequestReadsTheSame() {
        let text =
            "\r\nPOST /x?a=b HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhelloGET /y HTTP/1.1\r\nHost: h\r\n\r\n"
        let bytes = Array(text.utf8)
        for split in 0...bytes.count {
            var reader = reader()
            var seen: [String] = []
            for part in [bytes[..<split], bytes[split...]] {
                Array(part).withUnsafeBytes { reader.append($0) }
                while case .request(let head, let body) = reader.step() {
                    seen.append("\(head.method) \(head.rawTarget) \(body.count)")
                }
            }
            #expect(seen == ["POST /x?a=b 5", "GET /y 0"], "split at \(split)")
        }
    }

    @Test func noBytesWhateverTrapAReader() {
        var random = SeededRandom(seed: 2)
        let seeds = [
            "GET /a/b?x=1&y=%41 HTTP/1.1\r\nHost: h\r\nAccept: */*\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            "GET http://h:1/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        ].map { Array($0.utf8) }
        for round in 0..<20_000 {
            var bytes = random.mutated(seeds[round % seeds.count])
            if round % 3 == 0 { bytes += seeds[round % 2] }
            var reader = reader()
            var steps = 0
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = random.integer(in: 1...rest.count)
                Array(rest.prefix(count)).withUnsafeBytes { reader.append($0) }
                rest = rest.dropFirst(count)
                reading: while steps < 1000 {
                    steps += 1
                    switch reader.step() {
                    case .needsBytes, .refused: break reading
                    case .sendContinue, .request: continue
                    }
                }
            }
            #expect(steps < 1000, "round \(round) does not end")
        }
    }
}
