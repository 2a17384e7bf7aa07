import GatewayModel
import GatewayTestKit
import Testing

@testable import CloudSync

@Suite struct BrokerMessageTests {
    private let now = Timestamp(milliseconds: 1_768_487_400_000, trusted: true)
    private let sample =
        #"{"id":"m-1","channel":"device.board.7.command","timestamp":"2026-01-15T14:30:00.000001+00:00","ttl_seconds":3600,"#
        + #""source":{"type":"device","id":null},"message_type":"command","payload":{"cmd":"output_control","id":"buzzer","#
        + #""freq":440},"priority":5,"tags":[]}"#

    private func message(_ text: String, at time: Timestamp? = nil, ours: Bool = true) -> BrokerMessage {
        BrokerMessage(Array(text.utf8), now: time ?? now) { _ in ours }
    }

    @Test func aCommandIsReadWithItsFlattenedParameters() {
        #expect(
            message(sample)
                == .command(
                    RemoteCommand(
                        id: "m-1", device: DeviceID("board.7")!, name: "output_control",
                        params: #"{"id":"buzzer","freq":440}"#, expires: 1_768_491_000_000)))
    }

    @Test func commandsForOthersAndOldOnesAreNotDone() {
        #expect(message(sample, ours: false) == .ignored("unknown_device"))
        let late = Timestamp(milliseconds: 1_768_491_000_000, trusted: true)
        #expect(message(sample, at: late) == .ignored("expired"))
        // A clock that nobody vouches for is no reason to drop a command.
        #expect(message(sample, at: Timestamp(milliseconds: late.milliseconds, trusted: false)) == message(sample))
    }

    @Test(arguments: [
        "", "nonsense", "[]", #"{"channel":"device.a.telemetry","id":"1","payload":{"cmd":"x"}}"#,
        #"{"channel":"system.health","id":"1","payload":{"cmd":"x"}}"#,
        #"{"channel":"device.a.command","id":"1","payload":{}}"#,
        #"{"channel":"device.a.command","payload":{"cmd":"x"}}"#,
        #"{"channel":"device.a b.command","id":"1","payload":{"cmd":"x"}}"#,
    ])
    func whatIsNoCommandIsIgnored(text: String) {
        guard case .ignored = message(text) else {
            Issue.record("\(text) is taken for a command")
            return
        }
    }

    @Test func theChannelOfTheFungalInterfaceIsUnderstoodToo() {
        let text =
            #"{"id":"1","channel":"device.fci-1.commands","payload":{"action":"stimulus","params":{"amplitude":50}}}"#
        #expect(
            message(text)
                == .command(
                    RemoteCommand(
                        id: "1", device: DeviceID("fci-1")!, name: "stimulus", params: #"{"amplitude":50}"#,
                        expires: nil)))
    }

    @Test func damagedMessagesNeverTrap() {
        var random = SeededRandom(seed: 5)
        for _ in 0..<3_000 {
            var bytes = Array(sample.utf8)
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            _ = BrokerMessage(bytes, now: now) { _ in true }
        }
    }

    @Test func aChannelIsEscapedInAPath() {
        let channel = Channel(DeviceID("a?b%é.1")!, "telemetry")
        #expect(channel.escapedName == "device.a%3Fb%25%C3%A9.1.telemetry")
        #expect(Channel(channel.name) == channel)
        #expect(Channel("device.command") == nil && Channel("device..command") == nil)
    }
}
