import JSONText
import Testing

@testable import FieldProtocols

/// One vocabulary, in the words of each firmware.
@Suite struct CommandFormTests {
    private func form(
        _ name: String, _ params: JSON = .object([]), _ generation: LineGeneration,
        _ traits: BoardTraits = BoardTraits()
    ) -> CommandForm {
        CommandForm(BoardCommand(id: "c-1", name: name, params: params), for: generation, traits)
    }

    private func binary(_ build: BoardTraits.BinaryBuild?) -> BoardTraits {
        var traits = BoardTraits()
        traits.speaksBinary = true
        traits.build = build
        return traits
    }

    private func refusal(_ form: CommandForm) -> String? {
        if case .inexpressible(let reason) = form { reason } else { nil }
    }

    @Test func anIntervalIsSaidInEachFirmwaresUnit() {
        let params: JSON = ["seconds": 5]
        #expect(
            form("interval", params, .g11)
                == .frame(Array(#"{"cmd":"stream_sensors","params":{"rate_hz":0.2}}"#.utf8)))
        #expect(
            form("interval", params, .g2)
                == .line(
                    #"{"cmd":"set_telemetry_interval","interval_seconds":5}"#,
                    answer: .named(["set_telemetry_interval", "telemetry_interval"])))
        #expect(form("interval", params, .g4) == .line("telemetry period 5000", answer: .next))
        #expect(
            form("interval", params, .g9, binary(nil))
                == .packed([3, 0, 4, 0, 0x88, 0x13, 0, 0], answer: .named(["3"])))
        #expect(
            form("interval", params, .g8)
                == .line(#"{"cmd":3,"dst":161,"data":[136,19,0,0]}"#, answer: .named(["sent"])))
        #expect(refusal(form("interval", ["seconds": 0], .g4)) == "rate_hz, seconds or ms must be a number above 0")
    }

    @Test func idsThatCollideAreSentToTheBuildThatMeansThem() {
        let light: JSON = ["id": "neopixel", "r": 1, "g": 2, "b": 3]
        let tone: JSON = ["id": "buzzer", "freq": 440, "duration_ms": 100]
        #expect(
            form("output", light, .g9, binary(.sideA)) == .packed([0x10, 0, 3, 0, 1, 2, 3], answer: .named(["16"])))
        #expect(
            form("output", tone, .g9, binary(.sideA))
                == .packed([0x20, 0, 4, 0, 0xB8, 0x01, 100, 0], answer: .named(["32"])))
        for build in [nil, .drone, .wifiSense] as [BoardTraits.BinaryBuild?] {
            #expect(refusal(form("output", tone, .g9, binary(build)))?.contains("0x0020") == true)
            #expect(refusal(form("output", light, .g9, binary(build)))?.contains("0x0010") == true)
        }
        // Nobody knows which build is behind a LoRa bridge.
        #expect(refusal(form("output", tone, .g8)) != nil)
        #expect(
            form("output", ["id": "mosfet2", "value": true], .g8)
                == .line(#"{"cmd":4,"dst":161,"data":[2,1]}"#, answer: .named(["sent"])))
    }

    @Test func outputsOfFirmwareThatTakesWords() {
        let light: JSON = ["id": "neopixel", "r": 0, "g": 300, "b": -1]
        #expect(form("output", light, .g1) == .line("led rgb 0 255 0", answer: .noneButErrors))
        #expect(
            form("output", ["id": "neopixel", "value": 0], .g5)
                == .line("led rgb 0 0 0", answer: .named(["led", "led.rgb"])))
        #expect(refusal(form("output", ["id": "mosfet1", "value": 1], .g6)) != nil)
        // These say ok to it, and switch nothing.
        for generation in [LineGeneration.g3, .g4] {
            #expect(refusal(form("output", ["id": "mosfet1", "value": 1], generation)) != nil)
        }
    }

    @Test(arguments: LineGeneration.allCases)
    func everyOrderIsEitherSaidOrRefusedWithAReason(generation: LineGeneration) {
        let params: [JSON] = [
            .object([]), ["id": "mosfet1", "value": 1], ["id": "mosfet9"], ["rate_hz": 1e300], ["rate_hz": -1],
            ["role": "x"], ["name": ""], ["id": "buzzer", "freq": 1e300, "duration_ms": -5],
        ]
        let names = [
            "hello", "ping", "scan", "read_sensors", "estop", "clear_estop", "reboot", "identity", "interval", "output",
            "set_role", "set_display_name", "anything",
        ]
        for name in names {
            for params in params {
                for traits in [BoardTraits(), binary(nil), binary(.sideA), binary(.drone)] {
                    switch form(name, params, generation, traits) {
                    case .inexpressible(let reason): #expect(!reason.isEmpty)
                    case .line(let text, _): #expect(!text.contains("\n"))
                    case .frame(let bytes): #expect(!bytes.isEmpty)
                    case .packed(let bytes, _): #expect(bytes.count >= 4)
                    }
                }
            }
        }
    }

    @Test func aPackedCommandEndsWithItsResultAndNotWithItsReceipt() {
        var session = BoardSession()
        var board = HeardBoard()
        var output: [UInt8] = []
        session.submit(BoardCommand(id: "c-1", name: "output", params: ["id": "mosfet1", "value": 1]))
        _ = session.advance(now: 0, generation: .g9, traits: binary(nil), into: &output)
        #expect(output.count > 20)
        board.hear(BoardFrames.frame(.ack, seq: 9, ack: 1, flags: [.isAck, .ackRequested], ""))
        for answer in board.answers { session.receive(answer, now: 10) }
        #expect(session.advance(now: 10, generation: .g9, traits: binary(nil), into: &output).isEmpty)
        board.hear(MDPVectors.valid("bin-evt-cmd-result-ok"))
        for answer in board.answers { session.receive(answer, now: 20) }
        let finished = session.advance(now: 20, generation: .g9, traits: binary(nil), into: &output)
        #expect(finished.map(\.outcome) == [.acknowledged])
    }

    @Test func aRestartIsOverWhenItsFrameHasArrived() {
        var session = BoardSession()
        var output: [UInt8] = []
        session.submit(BoardCommand(id: "c-1", name: "reboot"))
        _ = session.advance(now: 0, generation: .g9, traits: binary(nil), into: &output)
        session.receive(
            BoardAnswer(kind: .receipt, ackSeq: 7, source: .sideB, success: true, message: "", raw: ""), now: 5)
        #expect(
            session.advance(now: 5, generation: .g9, traits: binary(nil), into: &output).map(\.outcome)
                == [.acknowledged])
    }

    @Test func silenceIsConsentWhereOnlyRefusalsAreSaid() {
        var session = BoardSession()
        var output: [UInt8] = []
        for id in ["a", "b"] {
            session.submit(BoardCommand(id: id, name: "output", params: ["id": "neopixel", "r": 1, "g": 1, "b": 1]))
        }
        _ = session.advance(now: 0, generation: .g1, into: &output)
        session.receive(
            BoardAnswer(kind: .acknowledgement, success: false, message: "Unknown cmd: led", raw: ""), now: 5)
        #expect(session.advance(now: 5, generation: .g1, into: &output).map(\.outcome) == [.refused])
        #expect(session.advance(now: 5_000, generation: .g1, into: &output).map(\.outcome) == [.acknowledged])
    }
}
