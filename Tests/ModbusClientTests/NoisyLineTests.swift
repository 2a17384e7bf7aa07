import EventLoop
import FieldProtocols
import GatewayModel
import GatewayTestKit
import ModbusClient
import Serial
import Testing

/// What adapters and drivers of RS-485 add to a line: bytes as they switch, and the echo of what we send.
@Suite struct NoisyLineTests {
    private let pair: PtyPair
    private let port: SerialPort
    private let bus: ModbusConnection

    init() throws {
        pair = try PtyPair()
        port = try SerialPort(opening: pair.path, settings: LineSettings(baud: 9_600))
        bus = try ModbusConnection(descriptor: port.fileDescriptor, baud: 9_600)
        bus.setTimeout(.seconds(20))
    }

    /// Answers the next questions with these pieces each, `nil` in place of an echo of the question.
    private func serve(_ answers: [[[UInt8]?]]) throws {
        try DedicatedThread.start(named: "slave") { [pair] in
            for pieces in answers {
                var question: [UInt8] = []
                while question.count < 8 {
                    let more = pair.receive(within: .seconds(60))
                    guard !more.isEmpty else { return }
                    question += more
                }
                for piece in pieces { pair.send(piece ?? question) }
            }
        }
    }

    private static func frame(_ bytes: UInt8...) -> [UInt8] { ModbusCRC.appended(to: bytes) }

    private static let answer = frame(1, 3, 2, 0, 111)

    @Test(arguments: [[0x00], [0xFF], [0, 0, 0xFF], [1], [1, 3], [1, 3, 4, 9], [0x55, 1, 1]] as [[UInt8]])
    func anAnswerBehindGlitchesIsUnderstood(glitches: [UInt8]) throws {
        let refusal = glitches + Self.frame(1, 0x83, 2)
        try serve([
            [glitches + Self.answer + [0]], [glitches, [1], Array(Self.answer.dropFirst())], [refusal],
        ])
        #expect(try bus.read(function: 3, unit: 1, start: 0, count: 1) == [111])
        #expect(try bus.read(function: 3, unit: 1, start: 0, count: 1) == [111])
        #expect(throws: ModbusClientError.exception(2)) { try bus.read(function: 3, unit: 1, start: 0, count: 1) }
        withExtendedLifetime(port) {}
    }

    @Test func anAnswerBehindAnEchoIsUnderstood() throws {
        let coils = Self.frame(1, 1, 1, 5)
        let written = Self.frame(1, 16, 0, 5, 0, 2)
        try serve([
            [nil, Self.answer], [[0xFF], nil, [0], coils], [nil, nil], [nil, nil], [nil, written],
            [nil, Self.frame(1, 0x86, 4)],
        ])
        // From 0x200 on the echo begins like an answer.
        #expect(try bus.read(function: 3, unit: 1, start: 0x200, count: 1) == [111])
        #expect(try bus.read(function: 1, unit: 1, start: 0, count: 3) == [1, 0, 1])
        try bus.write([7], unit: 1, start: 5)
        try bus.write(coil: true, unit: 1, at: 5)
        try bus.write([7, 8], unit: 1, start: 5)
        #expect(throws: ModbusClientError.exception(4)) { try bus.write([7], unit: 1, start: 5) }
        withExtendedLifetime(port) {}
    }

    /// The answer to such a write is the question, word for word.
    @Test func anEchoAloneIsNotTakenForAWriteThatWasDone() throws {
        try serve([[nil, Self.answer], [nil], [nil]])
        #expect(try bus.read(function: 3, unit: 1, start: 0, count: 1) == [111])
        bus.setTimeout(.milliseconds(50))
        #expect(throws: ModbusClientError.timeout) { try bus.write([7], unit: 1, start: 5) }
        #expect(throws: ModbusClientError.timeout) { try bus.read(function: 3, unit: 1, start: 0, count: 1) }
        withExtendedLifetime(port) {}
    }

    @Test func bitsThatLookLikeTheirQuestionAreAnAnswer() throws {
        // 20 coils from 0x300 on: the question is 01 01 03 00 00 14.
        try serve([[Self.answer], [nil]])
        #expect(try bus.read(function: 3, unit: 1, start: 0, count: 1) == [111])
        #expect(try bus.read(function: 1, unit: 1, start: 0x300, count: 20).suffix(4) == [0, 0, 1, 0])
        withExtendedLifetime(port) {}
    }

    @Test func anAnswerOfAnotherLengthIsPassedOver() throws {
        try serve([[Self.frame(1, 3, 4, 0, 1, 0, 2), Self.answer], [Self.frame(1, 3, 4, 0, 1, 0, 2)]])
        #expect(try bus.read(function: 3, unit: 1, start: 0, count: 1) == [111])
        bus.setTimeout(.milliseconds(50))
        #expect(throws: ModbusClientError.wrongAnswer) { try bus.read(function: 3, unit: 1, start: 0, count: 1) }
        withExtendedLifetime(port) {}
    }

    @Test func noiseAndSilenceAreToldApart() throws {
        try serve([[[0, 0xFF, 0]], [[0x9C, 0x3E, 0x70, 0xE2, 0x11]], [Array(repeating: 0x55, count: 2_000)]])
        bus.setTimeout(.milliseconds(50))
        for error: ModbusClientError in [.timeout, .noise, .noise] {
            #expect(throws: error) { try bus.read(function: 3, unit: 1, start: 0, count: 1) }
        }
        withExtendedLifetime(port) {}
    }
}
