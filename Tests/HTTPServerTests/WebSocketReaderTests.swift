import GatewayTestKit
import Testing

@testable import HTTPServer

@Suite struct WebSocketReaderTests {
    /// All that can be said of these bytes, given in pieces of `size`.
    private func steps(_ bytes: [UInt8], limit: Int = 1 << 17, size: Int = .max) -> [WebSocketReader.Step] {
        var reader = WebSocketReader(messageLimit: limit)
        var steps: [WebSocketReader.Step] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            reader.append(rest.prefix(size))
            rest = rest.dropFirst(size)
            while case let step = reader.step(), step != .needsBytes {
                steps.append(step)
                if case .failed = step { return steps }
            }
        }
        return steps
    }

    @Test func theExamplesOfTheSpecificationAreRead() {
        let hello: [UInt8] = [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]
        #expect(steps(hello) == [.message(.text(Array("Hello".utf8)))])
        #expect(steps(hello, size: 1) == [.message(.text(Array("Hello".utf8)))])
        #expect(HTTPResponse.acceptance(of: "dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    }

    @Test func everyFormOfALengthIsReadAndNoLongerOneThanNeeded() {
        for count in [0, 1, 125, 126, 127, 65_535, 65_536, 100_000] {
            let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
            #expect(steps(ClientFrame.bytes(2, payload), size: 4_093) == [.message(.binary(payload))])
        }
        #expect(steps([0x82, 0xFE, 0, 125, 0, 0, 0, 0]) == [.failed(.protocolError)])
        #expect(steps([0x82, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0]) == [.failed(.protocolError)])
        #expect(steps([0x82, 0xFF, 0x80, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]) == [.failed(.protocolError)])
    }

    @Test func fragmentsAreJoinedThoughAPingComesBetween() {
        let bytes =
            ClientFrame.bytes(1, Array("G".utf8), isFinal: false) + ClientFrame.bytes(9, [7])
            + ClientFrame.bytes(0, [0xC3], isFinal: false) + ClientFrame.bytes(0, [0xBC]) + ClientFrame.bytes(10, [])
        #expect(steps(bytes) == [.ping([7]), .message(.text(Array("Gü".utf8))), .pong])
        #expect(steps(bytes, size: 1) == [.ping([7]), .message(.text(Array("Gü".utf8))), .pong])
    }

    @Test(
        arguments: [
            ([0x81, 0x00], WebSocketCode.protocolError),  // not masked
            ([0xC1, 0x80, 0, 0, 0, 0], .protocolError),  // an extension that nobody agreed on
            ([0x83, 0x80, 0, 0, 0, 0], .protocolError),  // an opcode that does not exist
            ([0x80, 0x80, 0, 0, 0, 0], .protocolError),  // a continuation of nothing
            ([0x09, 0x80, 0, 0, 0, 0], .protocolError),  // a control frame in fragments
            ([0x89, 0xFE, 0, 126, 0, 0, 0, 0], .protocolError),  // a long one
            ([0x01, 0x80, 0, 0, 0, 0, 0x81, 0x80, 0, 0, 0, 0], .protocolError),  // a message within another
            ([0x88, 0x81, 0, 0, 0, 0, 1], .protocolError),  // half a code
            ([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xED], .protocolError),  // 1005 is never sent
            ([0x81, 0x81, 0, 0, 0, 0, 0xFF], .notUTF8),
        ] as [([UInt8], WebSocketCode)])
    func whatIsNotAllowedEndsTheConnection(_ bytes: [UInt8], _ code: WebSocketCode) {
        #expect(steps(bytes) == [.failed(code)])
    }

    @Test func aCloseIsAnsweredWithItsCode() {
        #expect(steps(ClientFrame.bytes(8, [])) == [.close(.normal)])
        #expect(steps(ClientFrame.bytes(8, [0x0F, 0xA0, 0x62])) == [.close(WebSocketCode(number: 4000))])
    }

    @Test func aMessageBeyondTheLimitIsRefusedBeforeItComes() {
        #expect(steps(ClientFrame.bytes(2, [1, 2, 3, 4]), limit: 4) == [.message(.binary([1, 2, 3, 4]))])
        #expect(steps([0x82, 0x85], limit: 4) == [.failed(.messageTooBig)])
        let fragments = ClientFrame.bytes(2, [1, 2, 3], isFinal: false) + [0x80, 0x82]
        #expect(steps(fragments, limit: 4) == [.failed(.messageTooBig)])
    }

    @Test func framesOfTheServerAreReadBackTheSame() {
        for count in [0, 125, 126, 65_535, 65_536] {
            let payload = [UInt8](repeating: 0x61, count: count)
            let frame = WebSocketFrame.encode(.text, payload)
            let header = count < 126 ? 2 : count < 65_536 ? 4 : 10
            #expect(frame.count == header + count && frame[0] == 0x81 && frame[1] & 0x80 == 0)
            // Masked with zeros it is a client's.
            var masked = frame
            masked[1] |= 0x80
            masked.insert(contentsOf: [0, 0, 0, 0], at: header)
            #expect(steps(masked) == [.message(.text(payload))])
        }
    }

    @Test func damagedFramesNeverTrapAndNeverHoldMoreThanTheLimit() {
        var random = SeededRandom(seed: 5)
        let samples = [
            ClientFrame.bytes(1, Array("Hello".utf8)), ClientFrame.bytes(2, [UInt8](repeating: 9, count: 300)),
            ClientFrame.bytes(1, [65], isFinal: false) + ClientFrame.bytes(9, [1]) + ClientFrame.bytes(0, [66]),
            ClientFrame.bytes(8, [3, 232]),
        ]
        for _ in 0..<100_000 {
            let sample = samples[Int(random.next() % 4)]
            for step in steps(random.mutated(sample), limit: 256, size: 1 + Int(random.next() % 40)) {
                if case .message(let message) = step { #expect(message.byteCount <= 256) }
            }
        }
    }
}

/// A frame as clients send it.
enum ClientFrame {
    static func bytes(_ opcode: UInt8, _ payload: [UInt8], isFinal: Bool = true) -> [UInt8] {
        var bytes: [UInt8] = [opcode | (isFinal ? 0x80 : 0)]
        switch payload.count {
        case ...125: bytes.append(0x80 | UInt8(payload.count))
        case ...0xFFFF: bytes += [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        default: bytes += [0x80 | 127] + (0..<8).map { UInt8(truncatingIfNeeded: payload.count >> (56 - 8 * $0)) }
        }
        let key: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]
        return bytes + key + payload.enumerated().map { $1 ^ key[$0 & 3] }
    }
}
