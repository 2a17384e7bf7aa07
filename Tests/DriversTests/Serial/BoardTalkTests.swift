import FieldProtocols
import Fleet
import GatewayModel
import GatewayTestKit
import Testing

@testable import Drivers

@Suite struct BoardTalkTests {
    private let clock = VirtualClock()
    private static let tele = """
        {"type":"tele","seq":7,"t_ms":14000,"node":"A-F2:7C:3A:1D:B4:10","uptime_s":14,"temperature":21.5,\
        "humidity":40.0,"firmware_version":"1.1.0"}\r\n
        """

    @Test func aBoardThatSpeaksInLinesHasItsLineBufferClearedOfOurFrame() throws {
        var talk = try self.talk()
        var batch = ObservationBatch()
        let greeting = talk.opened(clock.now())
        #expect(writes(greeting).count == 1)
        let outcomes = hear(Self.tele, &talk, &batch)
        let generation = talk.dialect
        #expect(generation == "g3")
        #expect(writes(outcomes) == [[UInt8(ascii: "\n")]])
        #expect(batch.observations.map(\.deviceSeq) == [7])
    }

    /// A line feed is no frame: it would stand before our first receipt and spoil it.
    @Test func aBinaryBoardIsSentNoLineFeedBeforeItsFirstReceipt() throws {
        var talk = try self.talk()
        var batch = ObservationBatch()
        _ = talk.opened(clock.now())
        var board = BinaryBoard()
        var sent: [[UInt8]] = []
        for output in board.boot() + board.measure(uptime: .seconds(1)) {
            sent += writes(output.bytes.withUnsafeBytes { talk.received($0, at: clock.now(), into: &batch) })
        }
        #expect(batch.observations.map(\.deviceSeq) == [1])
        #expect(!sent.contains([UInt8(ascii: "\n")]))
        let receipt = talk.receipts(clock.now())
        _ = board.receive(sent.flatMap(\.self) + receipt, uptime: .seconds(2))
        #expect(board.acknowledged == 1)
    }

    @Test func aBoardThatGotOtherFirmwareIsAskedAnewWhoItIs() throws {
        var talk = try self.talk()
        var batch = ObservationBatch()
        _ = talk.opened(clock.now())
        _ = hear(Self.tele, &talk, &batch)
        clock.advance(by: .seconds(60))
        let later = Self.tele.replacing("1.1.0", with: "2.1.0").replacing(
            "\"uptime_s\"", with: "\"bme688_count\":1,\"uptime_s\"")
        let outcomes = hear(later, &talk, &batch)
        let generation = talk.dialect
        #expect(generation == "g4")
        #expect(writes(outcomes).contains { String(decoding: $0, as: UTF8.self).contains("status") })
        #expect(outcomes.contains { if case .understood = $0 { true } else { false } })
    }

    @Test func aBoardThatSaysNothingKnownIsAskedInWords() throws {
        var talk = try self.talk()
        var batch = ObservationBatch()
        _ = talk.opened(clock.now())
        clock.advance(by: .seconds(5))
        let asked = writes(talk.tick(clock.now(), into: &batch)).map { String(decoding: $0, as: UTF8.self) }
        #expect(asked.contains("\nmode machine\nstatus\n"))
        _ = hear(Self.tele, &talk, &batch)
        clock.advance(by: .seconds(60))
        #expect(!writes(talk.tick(clock.now(), into: &batch)).contains(Array("\nmode machine\nstatus\n".utf8)))
    }

    @Test func aBoardThatMustBeToldToSpeakIsToldAfterEachBoot() throws {
        var talk = try self.talk()
        var batch = ObservationBatch()
        _ = talk.opened(clock.now())
        for _ in 0..<2 {
            _ = hear("rst:0x1 (POWERON),boot:0x8\r\nMycoBrain Science Communications Firmware\r\n", &talk, &batch)
            clock.advance(by: .seconds(4))
            #expect(writes(talk.tick(clock.now(), into: &batch)).contains(Array("\nmode machine\nstatus\n".utf8)))
            clock.advance(by: .seconds(60))
            #expect(!writes(talk.tick(clock.now(), into: &batch)).contains(Array("\nmode machine\nstatus\n".utf8)))
        }
    }

    @Test func aCommandToABoardThatSpeaksInLinesIsMatchedByItsID() throws {
        var talk = try self.talk()
        var batch = ObservationBatch()
        _ = hear(Self.tele, &talk, &batch)
        let sent = writes(talk.submit(try command("scan"), at: clock.now()))
        #expect(sent.map { String(decoding: $0, as: UTF8.self) } == ["{\"cmd\":\"scan\",\"id\":\"c-1\"}\n"])
        let isReady = talk.isReady
        #expect(!isReady)
        let other = hear("{\"ok\":true,\"id\":\"c-0\"}\n", &talk, &batch)
        #expect(ends(other).isEmpty)
        let answer = hear("{\"ok\":true,\"id\":\"c-1\"}\n", &talk, &batch)
        #expect(ends(answer).map(\.state) == [.acknowledged])
        let isReadyAgain = talk.isReady
        #expect(isReadyAgain)
    }

    @Test func aCommandThatIsNeverAnsweredExpires() throws {
        var talk = try self.talk()
        var batch = ObservationBatch()
        _ = hear(Self.tele, &talk, &batch)
        _ = talk.submit(try command("set_buzzer"), at: clock.now())
        let next = talk.due
        let due = try #require(next)
        clock.advance(by: .milliseconds(due - clock.now().monotonicMilliseconds))
        let late = talk.tick(clock.now(), into: &batch)
        #expect(ends(late).map(\.state) == [.expired])
    }

    @Test func aClosedPortEndsTheCommandsUnderWay() throws {
        var talk = try self.talk()
        var batch = ObservationBatch()
        _ = hear(Self.tele, &talk, &batch)
        _ = talk.submit(try command("scan"), at: clock.now())
        let ended = ends(talk.end(reason: "unplugged", clock.now()))
        #expect(ended.map(\.state) == [.expired] && ended.map(\.result) == ["unplugged"])
    }

    @Test func parametersThatAreNotJSONAreRefused() throws {
        var talk = try self.talk()
        var command = try command("scan")
        command.params = "{"
        let outcomes = talk.submit(command, at: clock.now())
        #expect(ends(outcomes).map(\.state) == [.refused])
    }

    @Test func aFloodOfTextIsKeptInPartAndCounted() throws {
        var talk = try self.talk()
        var batch = ObservationBatch()
        for number in 0..<250 { _ = hear("chatter \(number)\r\n", &talk, &batch) }
        #expect(batch.notes.count { $0.kind == "serial_line" } == LineQuota.burst)
        clock.advance(by: .seconds(60))
        _ = talk.tick(clock.now(), into: &batch)
        let counts = batch.notes.filter { $0.kind == "serial_lines_withheld" }
        #expect(counts.map(\.body) == ["{\"count\":150}"])
    }

    @Test func keysThatABoardPrintsAreNotKept() throws {
        var talk = try self.talk()
        var batch = ObservationBatch()
        let block = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIsecret\n-----END EC PRIVATE KEY-----\nafterwards\n"
        _ = hear(block, &talk, &batch)
        #expect(batch.notes.map(\.body) == ["{\"text\":\"afterwards\"}"])
    }

    @Test func anyBytesAreSurvived() throws {
        var random = SeededRandom(seed: 11)
        var batch = ObservationBatch()
        for _ in 0..<50 {
            var talk = try self.talk()
            for _ in 0..<20 {
                let bytes = random.bytes(random.integer(in: 1...2_000))
                bytes.withUnsafeBytes { _ = talk.received($0, at: clock.now(), into: &batch) }
                clock.advance(by: .milliseconds(random.integer(in: 0...3_000)))
                _ = talk.tick(clock.now(), into: &batch)
            }
            batch.removeAll()
        }
    }

    private func talk() throws -> BoardTalk {
        let id = try #require(DeviceID("mycobrain-f412faaabbcc"))
        return BoardTalk(device: try #require(DeviceName(id)), firstSeq: 1)
    }

    private func command(_ name: String) throws -> DeviceCommand {
        let now = clock.now().wall
        return DeviceCommand(
            id: "c-1", device: try #require(DeviceID("mycobrain-f412faaabbcc")), name: name, params: "{}",
            origin: "test",
            state: .queued, result: nil, created: now,
            expires: Timestamp(milliseconds: now.milliseconds + 60_000, trusted: true))
    }

    private func hear(_ text: String, _ talk: inout BoardTalk, _ batch: inout ObservationBatch) -> [PortOutcome] {
        Array(text.utf8).withUnsafeBytes { talk.received($0, at: clock.now(), into: &batch) }
    }

    private func writes(_ outcomes: [PortOutcome]) -> [[UInt8]] {
        outcomes.compactMap { if case .write(let bytes) = $0 { bytes } else { nil } }
    }

    private func ends(_ outcomes: [PortOutcome]) -> [(state: DeviceCommand.State, result: String)] {
        outcomes.compactMap { if case .command(_, let state, let result) = $0 { (state, result) } else { nil } }
    }
}
