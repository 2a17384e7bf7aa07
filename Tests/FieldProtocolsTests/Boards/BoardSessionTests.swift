import GatewayTestKit
import JSONText
import Testing

@testable import FieldProtocols

@Suite struct BoardSessionTests {
    private func command(
        _ id: String, _ name: String, _ params: JSON = .object([]), deadline: Int64? = nil
    ) -> BoardCommand {
        BoardCommand(id: id, name: name, params: params, deadline: deadline)
    }

    private func ack(
        _ seq: UInt32, _ message: String = "ok", success: Bool = true, from source: MDPEndpoint = .sideA,
        kind: BoardAnswer.Kind = .acknowledgement
    ) -> BoardAnswer {
        BoardAnswer(kind: kind, ackSeq: seq, source: source, success: success, message: message, raw: "")
    }

    /// The frames in what was written, each behind a lone delimiter.
    private func frames(_ output: [UInt8]) -> [(header: MDPHeader, payload: String)] {
        HeardEvent.all(of: output).compactMap { event in
            guard case .frame(let header, let payload, _) = event else { return nil }
            return (header, String(decoding: payload, as: UTF8.self))
        }
    }

    @Test func aFrameCommandEndsWithTheAnswerOfTheSideThatWasAsked() {
        var session = BoardSession()
        var output: [UInt8] = []
        session.submit(command("c1", "output_control", ["id": "mosfet1", "value": 1]))
        #expect(session.advance(now: 0, generation: .g11, into: &output).isEmpty)
        #expect(output.first == 0 && output.last == 0)
        let sent = frames(output)
        #expect(sent.count == 1)
        #expect(sent[0].header.flags == .ackRequested)
        #expect(sent[0].header.destination == .sideA)
        #expect(sent[0].payload == #"{"cmd":"output_control","params":{"id":"mosfet1","value":1}}"#)
        session.receive(ack(sent[0].header.seq, "forwarded_to_side_a", from: .sideB), now: 10)
        session.receive(ack(sent[0].header.seq + 1), now: 10)
        #expect(session.advance(now: 10, generation: .g11, into: &output).isEmpty)
        session.receive(ack(sent[0].header.seq, "mosfet_updated"), now: 20)
        #expect(
            session.advance(now: 20, generation: .g11, into: &output) == [
                FinishedCommand(id: "c1", outcome: .acknowledged, message: "mosfet_updated", answer: "")
            ])
        let isIdle = session.isIdle
        #expect(isIdle)
    }

    @Test func aRefusalCarriesTheWordsOfTheBoard() {
        var session = BoardSession()
        var output: [UInt8] = []
        session.submit(command("c1", "output_control", ["id": "led1"]))
        _ = session.advance(now: 0, generation: .g11, into: &output)
        session.receive(ack(1, "invalid_output_id", success: false), now: 5)
        let finished = session.advance(now: 5, generation: .g11, into: &output)
        #expect(finished.map(\.outcome) == [.refused])
        #expect(finished.map(\.message) == ["invalid_output_id"])
    }

    @Test func readingsAloneEndACommandWhenItsAcknowledgementIsLost() {
        var session = BoardSession()
        var output: [UInt8] = []
        session.submit(command("c1", "read_sensors"))
        _ = session.advance(now: 0, generation: .g11, into: &output)
        session.receive(ack(1, kind: .telemetry), now: 100)
        #expect(session.advance(now: 101, generation: .g11, into: &output).isEmpty)
        let due = session.nextDue
        #expect(due == 500)
        #expect(session.advance(now: 500, generation: .g11, into: &output).map(\.outcome) == [.acknowledged])
    }

    @Test func helloEndsWithHello() {
        var session = BoardSession()
        var output: [UInt8] = []
        session.submit(command("c1", "hello"))
        _ = session.advance(now: 0, generation: nil, into: &output)
        #expect(frames(output).count == 1)
        session.receive(ack(1, kind: .hello), now: 100)
        #expect(session.advance(now: 101, generation: .g11, into: &output).map(\.outcome) == [.acknowledged])
    }

    @Test func anUnansweredQuestionIsAskedAgainUnderAnotherNumberAndThenGivenUp() {
        var session = BoardSession()
        var output: [UInt8] = []
        var finished: [FinishedCommand] = []
        session.submit(command("c1", "read_sensors"))
        for now in stride(from: Int64(0), through: 6000, by: 100) {
            finished += session.advance(now: now, generation: .g11, into: &output)
        }
        #expect(frames(output).map(\.header.seq) == [1, 2, 3])
        #expect(
            finished == [FinishedCommand(id: "c1", outcome: .expired, message: "no answer, sent 3 times", answer: "")])
    }

    @Test func aLateAnswerToTheFirstAttemptCounts() {
        var session = BoardSession()
        var output: [UInt8] = []
        session.submit(command("c1", "health"))
        _ = session.advance(now: 0, generation: .g11, into: &output)
        _ = session.advance(now: 1500, generation: .g11, into: &output)
        session.receive(ack(1, "telemetry_sent"), now: 1600)
        #expect(session.advance(now: 1600, generation: .g11, into: &output).map(\.outcome) == [.acknowledged])
    }

    @Test func whatMustNotHappenTwiceIsSentOnce() {
        var session = BoardSession()
        var output: [UInt8] = []
        session.submit(command("c1", "lora_send", ["payload": "x"]))
        var finished = session.advance(now: 0, generation: .g11, into: &output)
        #expect(frames(output).first?.header.destination == .sideB)
        finished += session.advance(now: 1500, generation: .g11, into: &output)
        #expect(finished.map(\.message) == ["no answer, sent once"])
        #expect(frames(output).count == 1)
    }

    @Test func anEmergencyStopPassesEverythingThatWaits() {
        var session = BoardSession()
        var output: [UInt8] = []
        for index in 0..<5 { session.submit(command("c\(index)", "read_sensors")) }
        _ = session.advance(now: 0, generation: .g11, into: &output)
        #expect(frames(output).count == 2)
        output = []
        session.submit(command("stop", "estop"))
        _ = session.advance(now: 1, generation: .g11, into: &output)
        #expect(frames(output).map(\.payload) == [#"{"cmd":"estop","params":{}}"#])
    }

    @Test func numbersThatABoardWouldLoseAreSkipped() {
        var session = BoardSession(firstSeq: 10)
        var output: [UInt8] = []
        session.submit(command("c1", "hello"))
        _ = session.advance(now: 0, generation: .g11, into: &output)
        #expect(frames(output).map(\.header.seq) == [11])
        #expect(!output.contains(0x0A) && !output.contains(0x0D))
    }

    @Test func nothingIsSentBeforeTheFirmwareIsKnown() {
        var session = BoardSession()
        var output: [UInt8] = []
        session.submit(command("c1", "read_sensors", deadline: 1000))
        #expect(session.advance(now: 0, generation: nil, into: &output).isEmpty)
        #expect(output.isEmpty)
        #expect(session.advance(now: 1000, generation: nil, into: &output).map(\.outcome) == [.expired])
    }

    @Test func moreThanTheQueueHoldsIsRefusedAtOnce() {
        var session = BoardSession()
        var output: [UInt8] = []
        for index in 0..<65 { session.submit(command("c\(index)", "read_sensors")) }
        let finished = session.advance(now: 0, generation: nil, into: &output)
        #expect(finished.map(\.id) == ["c64"])
        #expect(finished.map(\.outcome) == [.refused])
    }

    @Test func everyCommandEndsWhenThePortIsGone() {
        var session = BoardSession()
        var output: [UInt8] = []
        for index in 0..<4 { session.submit(command("c\(index)", "read_sensors")) }
        _ = session.advance(now: 0, generation: .g11, into: &output)
        session.abandon(reason: "port closed")
        #expect(session.advance(now: 1, generation: .g11, into: &output).count == 4)
        let isIdle = session.isIdle
        #expect(isIdle)
    }

    // MARK: - Lines

    private func line(
        _ command: BoardCommand, _ generation: LineGeneration
    ) -> (text: String, finished: [FinishedCommand]) {
        var session = BoardSession()
        var output: [UInt8] = []
        session.submit(command)
        let finished = session.advance(now: 0, generation: generation, into: &output)
        return (String(decoding: output, as: UTF8.self), finished)
    }

    @Test func theSecondGenerationTakesFlatParameters() {
        #expect(line(command("c", "ping"), .g2).text == "{\"cmd\":\"ping\"}\n")
        #expect(
            line(command("c", "stream_sensors", ["rate_hz": 0.2]), .g2).text
                == "{\"cmd\":\"set_telemetry_interval\",\"interval_seconds\":5}\n")
        #expect(
            line(command("c", "output_control", ["id": "mosfet2", "value": true]), .g2).text
                == "{\"cmd\":\"set_mosfet\",\"mosfet_index\":1,\"state\":true}\n")
        #expect(
            line(command("c", "output_control", ["id": "buzzer", "freq": 0]), .g2).text
                == "{\"cmd\":\"buzzer\",\"stop\":true}\n")
        #expect(
            line(command("c", "set_device_role", ["role": "hyphae1"]), .g2).text
                == "{\"cmd\":\"set_device_role\",\"role\":\"hyphae1\"}\n")
    }

    @Test func theThirdAndFourthGenerationEchoAnID() {
        for generation in [LineGeneration.g3, .g4] {
            #expect(line(command("c-9", "read_sensors"), generation).text == "{\"cmd\":\"sensors\",\"id\":\"c-9\"}\n")
            #expect(
                line(command("c-9", "stream_sensors", ["rate_hz": 10]), generation).text == "telemetry period 200\n")
        }
    }

    @Test(arguments: [
        ("estop", LineGeneration.g2), ("estop", .g3), ("estop", .g9), ("read_sensors", .g2), ("scan", .g11),
        ("read_sensors", .g1), ("read_sensors", .g8), ("hello", .g10), ("a b", .g11), ("stream_sensors", .g11),
    ])
    func whatAFirmwareCannotDoIsRefusedInWords(name: String, generation: LineGeneration) {
        let (text, finished) = line(command("c", name), generation)
        #expect(text.isEmpty)
        #expect(finished.map(\.outcome) == [.refused])
        #expect(finished.first?.message.isEmpty == false)
    }

    @Test func linesAreMatchedByNameOrID() {
        var session = BoardSession()
        var output: [UInt8] = []
        session.submit(command("c-1", "ping"))
        session.submit(command("c-2", "scan"))
        _ = session.advance(now: 0, generation: .g3, into: &output)
        #expect(output.count { $0 == 0x0A } == 1)
        session.receive(BoardAnswer(kind: .acknowledgement, id: "other", success: true, message: "", raw: ""), now: 1)
        #expect(session.advance(now: 1, generation: .g3, into: &output).isEmpty)
        session.receive(BoardAnswer(kind: .acknowledgement, id: "c-1", success: true, message: "", raw: "{}"), now: 2)
        #expect(session.advance(now: 2, generation: .g3, into: &output).map(\.id) == ["c-1"])
        session.receive(
            BoardAnswer(kind: .acknowledgement, id: "c-2", success: false, message: "unknown_cmd", raw: "{}"), now: 3)
        #expect(session.advance(now: 3, generation: .g3, into: &output).map(\.message) == ["unknown_cmd"])
        session.submit(command("c-3", "output_control", ["id": "mosfet1", "value": 0]))
        _ = session.advance(now: 4, generation: .g2, into: &output)
        session.receive(
            BoardAnswer(kind: .acknowledgement, command: "mosfet", success: true, message: "", raw: "{}"), now: 5)
        #expect(session.advance(now: 5, generation: .g2, into: &output).map(\.outcome) == [.acknowledged])
    }

    @Test func aBoardAnswersWhatItIsAsked() throws {
        var session = BoardSession()
        var board = HeardBoard()
        var output: [UInt8] = []
        session.submit(command("c1", "read_sensors"))
        _ = session.advance(now: 0, generation: .g11, into: &output)
        let seq = try #require(frames(output).first).header.seq
        board.hear(BoardFrames.frame(.telemetry, seq: 7, ack: seq, #"{"type":"telemetry","uptime_s":5}"#))
        board.hear(
            BoardFrames.frame(.ack, seq: 8, ack: seq, flags: .isAck, #"{"success":true,"message":"telemetry_sent"}"#))
        for answer in board.answers { session.receive(answer, now: 10) }
        #expect(
            session.advance(now: 10, generation: board.decoder.generation, into: &output).map(\.message)
                == ["telemetry_sent"])
    }

    @Test func everySubmittedCommandEndsExactlyOnceWhateverIsAnswered() {
        var random = SeededRandom(seed: 10)
        let names = ["read_sensors", "estop", "hello", "lora_send", "ping", "scan", "output_control", "x"]
        for _ in 0..<300 {
            var session = BoardSession()
            var output: [UInt8] = []
            var ended: [String] = []
            var submitted = 0
            var now: Int64 = 0
            let generation = [LineGeneration?.none, .g2, .g3, .g11].randomElement(using: &random) ?? nil
            for _ in 0..<60 {
                now += Int64(random.integer(in: 0...700))
                switch random.integer(in: 0...3) {
                case 0:
                    session.submit(command("\(submitted)", names.randomElement(using: &random) ?? "x"))
                    submitted += 1
                case 1:
                    let seq = UInt32(random.integer(in: 0...20))
                    let source: MDPEndpoint = random.chance(0.5) ? .sideA : .sideB
                    let kind = [BoardAnswer.Kind.acknowledgement, .telemetry, .hello].randomElement(using: &random)
                    session.receive(
                        ack(seq, success: random.chance(0.7), from: source, kind: kind ?? .hello), now: now)
                case 2:
                    session.receive(
                        BoardAnswer(
                            kind: .acknowledgement, id: "\(random.integer(in: 0...20))", command: "ping", success: true,
                            message: "", raw: ""), now: now)
                default: break
                }
                ended += session.advance(now: now, generation: generation, into: &output).map(\.id)
            }
            session.abandon(reason: "end")
            ended += session.advance(now: now, generation: generation, into: &output).map(\.id)
            #expect(ended.sorted() == (0..<submitted).map(String.init).sorted())
        }
    }
}
