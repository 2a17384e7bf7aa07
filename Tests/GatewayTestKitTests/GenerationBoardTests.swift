import FieldProtocols
import GatewayModel
import GatewayTestKit
import JSONText
import Testing

/// The simulated boards of the generations without JSON frames say what the decoder takes for theirs.
@Suite struct GenerationBoardTests {
    private let device = DeviceID("board-1").flatMap { DeviceName($0) }

    /// What the decoder makes of a board's first minutes.
    private func hear(_ outputs: [BoardOutput], _ decoder: inout BoardDecoder) throws -> ObservationBatch {
        let device = try #require(device)
        let now = ReceiveTime(wall: Timestamp(milliseconds: 1_767_225_600_000, trusted: true), monotonicMilliseconds: 5)
        var batch = ObservationBatch()
        for output in outputs {
            output.bytes.withUnsafeBytes { _ = decoder.receive($0, at: now, into: &batch, device: device) }
        }
        return batch
    }

    @Test(arguments: TextBoard.Generation.allCases)
    func everyGenerationIsRecognisedByWhatItSays(generation: TextBoard.Generation) throws {
        var board = TextBoard(generation)
        var decoder = BoardDecoder()
        var outputs = board.boot()
        outputs += board.receive(Array("mode machine\n".utf8), uptime: .seconds(1))
        outputs += (1...5).flatMap { board.measure(uptime: .seconds($0)) }
        let batch = try hear(outputs, &decoder)
        #expect(decoder.generation?.rawValue == generation.rawValue)
        let observations = generation == .g10 ? 6 : 5
        #expect(batch.observations.count == observations)
        #expect(batch.observations.allSatisfy { !$0.readings.isEmpty })
    }

    @Test func aBinaryBoardSendsAgainUntilItIsAcknowledged() throws {
        var board = BinaryBoard()
        var decoder = BoardDecoder()
        var session = BoardSession(firstSeq: 900)
        _ = board.boot()
        let first = board.measure(uptime: .seconds(1))
        let second = board.measure(uptime: .seconds(2))
        #expect(second.map(\.kind) == [.talk, .telemetry(seq: 2)])
        #expect(second[0].bytes == first[0].bytes)
        let header = MDPHeader(
            type: .ack, seq: 500, ack: 2, flags: .isAck, source: .gateway, destination: .sideA)
        _ = board.receive(MDPEncoder.encode(header, payload: []), uptime: .seconds(3))
        let third = board.measure(uptime: .seconds(3))
        #expect(third.map(\.kind) == [.telemetry(seq: 3)])
        let batch = try hear(first + third, &decoder)
        #expect(batch.observations.map(\.deviceSeq) == [1, 3])
        #expect(decoder.generation == .g9 && decoder.traits.speaksBinary)
        // A command by number, and its result.
        session.submit(BoardCommand(id: "c-1", name: "output", params: ["id": "mosfet2", "value": true]))
        var wire: [UInt8] = []
        _ = session.advance(now: 0, generation: decoder.generation, traits: decoder.traits, into: &wire)
        let answer = board.receive(wire, uptime: .seconds(4))
        #expect(board.executed == [4])
        let now = ReceiveTime(wall: Timestamp(milliseconds: 1_767_225_600_000, trusted: true), monotonicMilliseconds: 5)
        var answers = ObservationBatch()
        for output in answer {
            let events = output.bytes.withUnsafeBytes { bytes in
                device.map { decoder.receive(bytes, at: now, into: &answers, device: $0) } ?? []
            }
            for event in events { if case .answer(let answer) = event { session.receive(answer, now: 1) } }
        }
        let finished = session.advance(now: 1, generation: .g9, traits: decoder.traits, into: &wire)
        #expect(finished.map(\.outcome) == [.acknowledged])
    }
}
