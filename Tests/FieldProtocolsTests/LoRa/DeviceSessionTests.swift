import Crypto
import FieldProtocols
import Testing

@Suite struct DeviceSessions {
    private let keys = SessionKeys(
        network: Array(repeating: 0x2B, count: 16), application: Array(repeating: 0x5C, count: 16))!

    private func session(_ counter: UInt32? = nil, restarts: DeviceSession.Restarts = .refused) -> DeviceSession {
        DeviceSession(address: 0x2601_1234, keys: keys, counter: counter, restarts: restarts)
    }

    private func frame(_ counter: UInt32, _ text: String = "x", port: UInt8 = 2) throws -> PHYPayload {
        let plain = DataFrame(
            isUplink: true, address: 0x2601_1234, counter: 0, port: port, payload: Array(text.utf8))
        return try PHYPayload(keys.frame(plain, counter: counter, as: .unconfirmedUp))
    }

    @Test func aFrameIsAcceptedOnceAndOlderOnesNever() throws {
        var session = session()
        let first = try frame(7, "seven")
        let accepted = try session.accept(first)
        #expect(accepted.counter == 7 && accepted.payload == Array("seven".utf8) && accepted.port == 2)
        #expect(session.isRepetition(first))
        #expect(throws: LoRaError(.replayedCounter)) { try session.accept(first) }
        #expect(throws: LoRaError(.replayedCounter)) { try session.accept(try frame(6)) }
        #expect(try session.accept(try frame(8)).counter == 8)
    }

    @Test func theUpperHalfOfTheCounterIsFoundAgain() throws {
        var session = session(0x1_FFFE)
        #expect(try session.accept(try frame(0x1_FFFF)).counter == 0x1_FFFF)
        // The sixteen bits that travel begin anew.
        #expect(try session.accept(try frame(0x2_0000, "next")).payload == Array("next".utf8))
        #expect(throws: LoRaError(.replayedCounter)) { try session.accept(try frame(0x2_0000)) }
        // Nothing is known after the state was lost: the frame itself tells.
        var lost = self.session()
        #expect(try lost.accept(try frame(0x3_0005)).counter == 0x3_0005)
    }

    @Test(arguments: [0xFFFF, 0x1_0006, 0x20_0001] as [UInt32])
    func aDeviceThatWasAwayForLongIsTakenBack(_ counter: UInt32) throws {
        var session = session(7)
        #expect(try session.accept(try frame(counter)).counter == counter)
        #expect(throws: LoRaError(.replayedCounter)) { try session.accept(try frame(counter)) }
        var last = self.session(.max - 1)
        #expect(try last.accept(try frame(.max)).counter == .max)
        #expect(throws: LoRaError.self) { try last.accept(try frame(3)) }
    }

    @Test func aForgedFrameChangesNothing() throws {
        var session = session(10)
        var forged = try frame(11)
        forged.mic?.bits ^= 1
        #expect(throws: LoRaError(.micMismatch)) { try session.accept(forged) }
        #expect(session.counter == 10)
        #expect(try session.accept(try frame(11)).counter == 11)
        var stranger = try frame(12)
        if case .data(var data) = stranger.content {
            data.address += 1
            stranger.content = .data(data)
        }
        #expect(throws: LoRaError(.unknownDevice)) { try session.accept(stranger) }
    }

    @Test func aDeviceThatLostItsCounterIsTakenBackOnlyWhereTheSiteSaysSo() throws {
        var strict = session(500)
        #expect(throws: LoRaError(.replayedCounter)) { try strict.accept(try frame(1)) }
        var lenient = session(500, restarts: .accepted)
        let accepted = try lenient.accept(try frame(1))
        #expect(accepted.hasRestarted && accepted.counter == 1)
        var later = session(0x1_0005, restarts: .accepted)
        #expect(try later.accept(try frame(3)).hasRestarted)
    }

    @Test func macCommandsAreUnderTheKeyOfTheNetwork() throws {
        var session = session()
        #expect(try session.accept(try frame(1, "\u{2}", port: 0)).payload == [2])
    }

    @Test func framesOfImpossibleLengthAreRefused() throws {
        // Of a proprietary frame the header alone is laid down.
        let short = try PHYPayload([0xE0, 1, 2])
        #expect(short.content == .proprietary([1, 2]) && short.mic == nil)
        #expect(throws: LoRaError(.tooShort)) { try PHYPayload([]) }
        #expect(throws: LoRaError(.tooShort, at: 11)) { try PHYPayload(Array(repeating: 0x40, count: 11)) }
        // Options that go beyond the frame.
        #expect(throws: LoRaError.self) { try PHYPayload([0x40, 1, 2, 3, 4, 0x0F, 0, 0, 9, 9, 9, 9]) }
        #expect(throws: LoRaError(.unsupportedVersion)) { try PHYPayload([0x41] + Array(repeating: 0, count: 20)) }
        #expect(throws: LoRaError(.tooShort, at: 22)) { try PHYPayload(Array(repeating: 0, count: 22)) }
        #expect(throws: LoRaError(.wrongLength, at: 23)) { try PHYPayload(Array(repeating: 0, count: 24)) }
    }
}
