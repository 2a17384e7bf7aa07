import GatewayModel
import GatewayTestKit
import Testing

@testable import FieldProtocols

/// Damaged bytes of every generation through everything that a port's bytes pass.
@Suite struct BoardFuzzTests {
    /// The lines of all sessions and all good frames.
    private static let seeds: [[UInt8]] =
        LineSession.all.flatMap { $0.bytes.split(separator: 0x0A).map { Array($0) + [0x0A] } }
        + ["bin-telemetry-v1-legacy", "drone-telemetry-packed", "wifisense-packed", "telemetry-claw-build", "ack-ok"]
        .map { MDPVectors.valid($0) }

    @Test func noBytesTrapTheDecoderOrFillItsMemory() {
        var random = SeededRandom(seed: 41)
        var board = HeardBoard()
        board.decoder.logLinesAllowed = 0
        var session = BoardSession()
        for index in 0..<100_000 {
            guard let seed = Self.seeds.randomElement(using: &random) else { return }
            // Good ones between the damaged: what comes after damage must be understood again.
            board.hear(random.chance(0.3) ? seed : random.mutated(seed))
            for answer in board.answers { session.receive(answer, now: Int64(index)) }
            var output: [UInt8] = []
            _ = session.advance(
                now: Int64(index), generation: board.decoder.generation, traits: board.decoder.traits, into: &output)
            let isFinite = board.readings.allSatisfy { $0.isFinite }
            #expect(isFinite)
            board.forget()
        }
        #expect(board.decoder.counters.observations > 1_000)
    }
}

extension HeardBoard {
    fileprivate var readings: [Reading] { batch.readings }

    fileprivate mutating func forget() {
        batch.removeAll()
        events.removeAll()
    }
}

extension Reading {
    fileprivate var isFinite: Bool {
        if case .number(let value) = value { value.isFinite } else { true }
    }
}
