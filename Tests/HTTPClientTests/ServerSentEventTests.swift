import GatewayTestKit
import HTTPClient
import Testing

@Suite struct ServerSentEventTests {
    private func events(_ text: String, pieces: Int = 1 << 20) throws -> [ServerSentEvent] {
        var parser = ServerSentEventParser()
        var events: [ServerSentEvent] = []
        let bytes = Array(text.utf8)
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + pieces)
            try bytes[start..<end].withUnsafeBytes { try parser.parse($0) { events.append($0) } }
            start = end
        }
        return events
    }

    private let sample =
        "\u{FEFF}: hello\r\nevent: connected\r\ndata: {\"a\":1}\r\n\r\nretry: 250\nid: 7\ndata:x\ndata\ndata:  y\n\n"
        + "event: ping\r\r:c\nid\ndata: last\n\ndata: unfinished"

    @Test(arguments: [1, 2, 3, 7, 1_000])
    func eventsAreTheSameHoweverTheBytesArrive(pieces: Int) throws {
        #expect(
            try events(sample, pieces: pieces) == [
                ServerSentEvent(name: "connected", data: Array("{\"a\":1}".utf8)),
                ServerSentEvent(data: Array("x\n\n y".utf8), lastID: "7"),
                ServerSentEvent(data: Array("last".utf8), lastID: ""),
            ])
    }

    @Test func theLastIDAndTheRetryTimeAreKept() throws {
        var parser = ServerSentEventParser(lastID: "3")
        try Array("id: 9\nretry: 100\nretry: soon\n\n".utf8).withUnsafeBytes { try parser.parse($0) { _ in } }
        #expect(parser.lastID == "9")
        #expect(parser.retryMilliseconds == 100)
        // What could smuggle a header line is no id.
        try Array("id: a\u{0}b\nid: \u{7F}\n".utf8).withUnsafeBytes { try parser.parse($0) { _ in } }
        #expect(parser.lastID == "9")
    }

    @Test func anEndlessLineAndAnEndlessEventEndTheStream() {
        #expect(throws: ServerSentEventParser.TooLarge.self) { try events(String(repeating: "a", count: 2 << 20)) }
        let line = "data: " + String(repeating: "b", count: 1_000) + "\n"
        #expect(throws: ServerSentEventParser.TooLarge.self) { try events(String(repeating: line, count: 2_000)) }
    }

    @Test func damagedStreamsNeverTrapAndPiecesNeverMatter() throws {
        var random = SeededRandom(seed: 11)
        for _ in 0..<2_000 {
            var bytes = Array(sample.utf8)
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let index = Int.random(in: bytes.indices, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: index)
                default: bytes.insert([0x0A, 0x0D, 0x3A, 0x20].randomElement(using: &random) ?? 0, at: index)
                }
            }
            var whole: [ServerSentEvent] = []
            var parser = ServerSentEventParser()
            try bytes.withUnsafeBytes { try parser.parse($0) { whole.append($0) } }
            var pieces: [ServerSentEvent] = []
            parser = ServerSentEventParser()
            for byte in bytes { try [byte].withUnsafeBytes { try parser.parse($0) { pieces.append($0) } } }
            #expect(whole == pieces)
        }
    }
}
