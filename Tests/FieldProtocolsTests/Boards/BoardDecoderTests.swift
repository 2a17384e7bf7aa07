import GatewayModel
import GatewayTestKit
import JSONText
import Testing

@testable import FieldProtocols

@Suite struct BoardDecoderTests {
    @Test func telemetryBecomesReadingsWithCanonicalNames() {
        var board = HeardBoard()
        board.hear(MDPVectors.valid("telemetry-claw-build"))
        #expect(board.observations.count == 1)
        #expect(board.observations[0].deviceSeq == 6)
        #expect(board.observations[0].bootEvidence == .uptime(milliseconds: 120_000))
        #expect(board.observations[0].payloadHash != 0)
        #expect(board.value("sys.uptime", in: 0) == .number(120))
        #expect(board.value("sys.estop", in: 0) == .flag(false))
        #expect(board.value("analog.ai3", in: 0) == .number(3.3))
        #expect(board.value("analog.ai1", in: 0) == .number(1204 * 3.3 / 4095))
        #expect(board.value("bme688_a.temperature", in: 0) == .number(22.3999996))
        #expect(board.value("bme688_b.gas_resistance", in: 0) == .number(51200))
        #expect(board.value("bme688_b.voc_equivalent", in: 0) == .number(0.5))
        #expect(board.value("claw.position", in: 0) == .number(10))
        #expect(board.value("claw.is_closed", in: 0) == .flag(false))
        #expect(board.value("claw.mode", in: 0) == .text("gpio"))
        #expect(board.readings(0).count == 24)
        #expect(board.events == [.telemetry(24)])
        #expect(board.decoder.generation == .g11)
    }

    @Test func aFrameOfWhichValuesAreLeftOutIsKeptWhole() {
        var board = HeardBoard()
        let members = (0..<70).map { #""extra\#($0)":\#($0)"# }.joined(separator: ",")
        board.hear(BoardFrames.frame(.telemetry, seq: 1, "{\(members)}"))
        #expect(board.readings(0).count == 64)
        let kept = board.notes.filter { $0.kind == "serial_frame" }.map(\.body)
        #expect(kept.count == 1 && kept.first?.contains("values_dropped") == true)
        board.hear(BoardFrames.telemetry(2, uptime: 9))
        #expect(board.notes.count { $0.kind == "serial_frame" } == 1)
    }

    @Test func aUnitThatCannotBeKeptIsToldByItsFrame() {
        var board = HeardBoard()
        let unit = String(repeating: "y", count: 33)
        board.hear(BoardFrames.frame(.telemetry, seq: 1, #"{"pack":[{"id":"x","v":1,"u":"\#(unit)"}]}"#))
        #expect(board.readings(0).map(\.unit) == [.none])
        #expect(board.notes.contains { $0.kind == "serial_frame" && $0.body.contains("values_dropped") })
    }

    /// On a port, and by radio behind a modem, where anybody may be.
    @Test func aBoardThatInventsNamesLeavesRoomForOthers() throws {
        let inventive = try #require(DeviceID("board-inventive").flatMap { DeviceName($0) })
        let other = try #require(DeviceID("board-honest").flatMap { DeviceName($0) })
        func readings(_ frame: [UInt8], of device: DeviceName) -> [String] {
            var decoder = BoardDecoder()
            var batch = ObservationBatch()
            let now = ReceiveTime(wall: Timestamp(milliseconds: 0, trusted: false), monotonicMilliseconds: 5)
            frame.withUnsafeBytes { _ = decoder.receive($0, at: now, into: &batch, device: device) }
            return batch.readings.map(\.metric.text)
        }
        for frame in 0..<(MetricName.countMaxOfDevice / 50) {
            let members = (0..<50).map { #""i\#(frame)x\#($0)":1"# }.joined(separator: ",")
            #expect(readings(BoardFrames.frame(.telemetry, seq: 1, "{\(members)}"), of: inventive).count == 50)
        }
        for payload in [
            #"{"one_more":1,"i0x0":1}"#, #"{"analog":{"one_more":1},"i0x0":1}"#, #"{"claw":{"one_more":1},"i0x0":1}"#,
            #"{"pack":[{"id":"one_more_pack","v":1},{"id":"i0x0","v":1}]}"#,
        ] {
            let frame = BoardFrames.frame(.telemetry, seq: 1, payload)
            #expect(readings(frame, of: inventive) == ["i0x0"], "\(payload)")
            #expect(readings(frame, of: other).count == 2, "\(payload)")
        }
    }

    @Test(arguments: [1, 7, 64, Int.max])
    func theMixedStreamIsUnderstoodWhole(chunk: Int) {
        var board = HeardBoard()
        board.hear(MDPVectors.mixedStream, chunk: chunk)
        #expect(board.observations.map(\.deviceSeq) == [4, 2, nil])
        #expect(board.observations[0].bootEvidence == .announced)
        #expect(board.answers.map(\.success) == [true, false])
        #expect(board.answers.map(\.message) == ["telemetry_sent", "estop_active"])
        #expect(board.events.contains(.bootBanner(reason: "POWERON")))
        #expect(board.decoder.hello?.reportedID == "mycobrain-1db410")
        #expect(board.decoder.hello?.firmware == "side-a-mdp-2.1.0")
        #expect(board.notes.filter { $0.kind == "device_event" }.count == 1)
        #expect(board.notes.filter { $0.kind == "serial_line" }.count == 7)
        #expect(board.decoder.counters.malformed == 1)
        #expect(board.decoder.counters.garbageBytes == 4)
        #expect(board.decoder.generation == .g11)
    }

    @Test func telemetryWithMembersBehindItsEndIsMendedAndFlagged() {
        let payload = """
            {"hdr":{"deviceId":"mycobrain-side-a","msgId":"m-1"},"ts":{"utc":"12","mono_ms":12000},"seq":3,\
            "pack":[{"id":"ai1_v","v":0.5,"u":"V"},{"id":"ok","v":true}]},"hash":"sha256:00","sig":"ed25519:AA=="}
            """
        var board = HeardBoard()
        board.hear(BoardFrames.frame(.telemetry, seq: 9, payload))
        #expect(board.observations.count == 1)
        #expect(board.observations.first?.flags == .repaired)
        #expect(board.observations.first?.bootEvidence == .uptime(milliseconds: 12_000))
        #expect(board.value("ai1_v", in: 0) == .number(0.5))
        #expect(board.readings(0).first?.unit == .volt)
        #expect(board.value("ok", in: 0) == .flag(true))
        #expect(String(decoding: board.batch.bytes[board.observations[0].messageID], as: UTF8.self) == "m-1")
    }

    @Test func packedTelemetryBecomesReadingsToo() {
        var board = HeardBoard()
        board.hear(MDPVectors.valid("bin-telemetry-v1-legacy"))
        #expect(board.value("sys.uptime", in: 0) == .number(61.234))
        #expect(board.value("analog.ai4", in: 0) == .number(3.3))
        #expect(board.value("output.mosfet1", in: 0) == .flag(true))
    }

    @Test func whatIsNotUnderstoodIsKept() {
        var board = HeardBoard()
        board.hear(MDPVectors.valid("unknown-msg-type-0x0b") + MDPVectors.valid("reserved-byte-nonzero"))
        board.hear(BoardFrames.frame(.telemetry, seq: 55, "\u{1}\u{2}"))
        board.hear("some words nobody expected")
        #expect(board.observations.count == 1)
        #expect(board.notes.map(\.kind) == ["serial_frame", "serial_frame", "serial_line"])
        #expect(board.notes.last?.body == #"{"text":"some words nobody expected"}"#)
        #expect(board.notes.allSatisfy { (try? JSON(parsing: $0.body)) != nil })
    }

    @Test func aFrameWithAnUnusablePayloadIsCountedAndItsNumberToo() {
        var board = HeardBoard()
        board.hear(BoardFrames.telemetry(1, uptime: 10))
        board.hear(BoardFrames.frame(.telemetry, seq: 2, #"{"type":"#))
        board.hear(BoardFrames.telemetry(3, uptime: 30))
        #expect(board.decoder.counters.malformed == 1)
        #expect(board.gaps.isEmpty)
        #expect(board.observations.count == 2)
    }

    // MARK: - Boots and gaps

    @Test func missingNumbersAreToldOnceWithTheirRange() {
        var board = HeardBoard()
        board.hear(BoardFrames.telemetry(5, uptime: 10))
        board.hear(BoardFrames.frame(.ack, seq: 6, ack: 1, flags: .isAck, #"{"success":true}"#))
        board.hear(BoardFrames.telemetry(9, uptime: 30) + BoardFrames.telemetry(10, uptime: 40))
        #expect(board.gaps == [SequenceGap(from: 7, to: 8, source: .sideA)])
        // The event is the journal's: it knows what came before a restart.
        #expect(board.notes.isEmpty)
        #expect(board.decoder.counters.missingFrames == 2)
    }

    @Test func numbersThatCameWithoutARecordAreTakenAlong() {
        var board = HeardBoard()
        board.hear(BoardFrames.telemetry(5, uptime: 10))
        board.hear(BoardFrames.frame(.ack, seq: 6, ack: 1, flags: .isAck, #"{"success":true}"#))
        board.hear(BoardFrames.frame(.telemetry, seq: 8, #"{"type":"#))
        board.hear(BoardFrames.frame(.ack, seq: 9, ack: 2, flags: .isAck, #"{"success":true}"#))
        board.hear(BoardFrames.telemetry(10, uptime: 30) + BoardFrames.telemetry(11, uptime: 40))
        let heard = board.observations.map { Array(board.batch.heardSequences[$0.heard]) }
        #expect(heard == [[], [6...6, 8...9], []])
    }

    @Test func numbersOfAnEarlierBootAreNotTakenAlong() {
        var board = HeardBoard()
        board.hear(BoardFrames.telemetry(5, uptime: 10))
        board.hear(BoardFrames.frame(.ack, seq: 6, ack: 1, flags: .isAck, #"{"success":true}"#))
        board.hear(BoardFrames.frame(.hello, seq: 1, #"{"device_id":"x"}"#) + BoardFrames.telemetry(2, uptime: 1))
        let heard = board.observations.map { Array(board.batch.heardSequences[$0.heard]) }
        #expect(heard == [[], [1...1]])
    }

    @Test func aRestartOfTheGatewayDoesNotHideAGap() {
        var board = HeardBoard()
        board.decoder.resume(after: 100, source: .sideA)
        board.hear(BoardFrames.telemetry(104, uptime: 30))
        #expect(board.gaps == [SequenceGap(from: 101, to: 103, source: .sideA)])
        #expect(board.decoder.lastSeq(of: .sideA) == 104)
    }

    @Test func aRebootIsNoGap() {
        var board = HeardBoard()
        board.hear(BoardFrames.telemetry(900, uptime: 9000))
        board.hear(BoardFrames.frame(.hello, seq: 1, #"{"role":"mushroom1"}"#))
        board.hear(BoardFrames.telemetry(2, uptime: 3) + BoardFrames.telemetry(3, uptime: 13))
        #expect(board.gaps.isEmpty)
        #expect(
            board.observations.map(\.bootEvidence) == [
                .uptime(milliseconds: 9_000_000), .announced, .uptime(milliseconds: 13_000),
            ])
    }

    @Test func anUptimeThatFallsBackIsABootNobodyAnnounced() {
        var board = HeardBoard()
        board.hear(BoardFrames.telemetry(20, uptime: 200) + BoardFrames.telemetry(3, uptime: 20))
        #expect(board.observations[1].bootEvidence == .announced)
        #expect(board.gaps == [SequenceGap(from: 1, to: 2, source: .sideA)])
    }

    @Test func aSolicitedHelloIsNoBoot() {
        var board = HeardBoard()
        board.hear(BoardFrames.telemetry(41, uptime: 100))
        board.hear(MDPVectors.valid("hello-side-a-solicited") + BoardFrames.telemetry(43, uptime: 110))
        #expect(board.observations[1].bootEvidence == .uptime(milliseconds: 110_000))
        #expect(board.answers.map(\.kind) == [.hello])
        #expect(board.answers.first?.ackSeq == 17)
    }

    @Test func theSidesCountApart() {
        var board = HeardBoard()
        board.hear(BoardFrames.telemetry(50, uptime: 100) + MDPVectors.valid("event-side-b-transport-status"))
        board.hear(BoardFrames.telemetry(51, uptime: 110))
        #expect(board.gaps.isEmpty)
    }

    // MARK: - Lines

    @Test func linesOfTheThirdGenerationBecomeObservations() {
        var board = HeardBoard()
        board.hear((try? Vectors.bytes("mycosoft/serial_sessions/g3_dualmode_1.1.0.ndjson")) ?? [])
        #expect(board.decoder.generation == .g3)
        #expect(board.observations.map(\.deviceSeq) == [0, 1, nil])
        #expect(board.observations[0].bootEvidence == .announced)
        #expect(board.observations[1].bootEvidence == .uptime(milliseconds: 4000))
        #expect(board.decoder.hello?.reportedID == "A-F2:7C:3A:1D:B4:10")
        #expect(board.answers.map(\.id) == ["c-1", "c-2", "c-3", nil, nil, "c-4"])
        #expect(board.answers.map(\.success) == [true, true, true, true, false, false])
        #expect(board.events.contains(.bootBanner(reason: "POWERON")))
        #expect(board.gaps.isEmpty)
    }

    @Test func linesOfTheSecondGenerationBecomeObservations() {
        var board = HeardBoard()
        board.hear((try? Vectors.bytes("mycosoft/serial_sessions/g2_sidea_production_json.ndjson")) ?? [], chunk: 13)
        #expect(board.decoder.generation == .g2)
        #expect(board.observations.count == 3)
        #expect(board.observations.allSatisfy { $0.deviceSeq == nil })
        #expect(board.observations[2].bootEvidence == .uptime(milliseconds: 24_021))
        #expect(board.answers.compactMap(\.command).prefix(4) == ["fmt", "mode", "dbg", "fmt"])
    }

    @Test func aMendedLineIsFlagged() {
        var board = HeardBoard()
        board.hear(#"{"ts_ms":30412,"sensor":"ENV","addr":"0x76","tC":21.02,"rh":39.80,"p_hPa":nan,"gas":0}"#)
        #expect(board.observations.first?.flags == .repaired)
        #expect(board.observations.first?.bootEvidence == .uptime(milliseconds: 30_412))
        #expect(board.value("bme688_b.temperature", in: 0) == .number(21.02))
    }

    @Test func aMissingTeleLineIsAGap() {
        var board = HeardBoard()
        board.hear(#"{"type":"tele","seq":4,"t_ms":10000,"env":{},"uptime_s":10}"#)
        board.hear(#"{"type":"tele","seq":7,"t_ms":16000,"env":{},"uptime_s":16}"#)
        #expect(board.gaps == [SequenceGap(from: 5, to: 6, source: nil)])
    }

    @Test func aBoardThatGetsOtherFirmwareIsFollowed() {
        var board = HeardBoard()
        board.hear(#"{"type":"tele","seq":4,"t_ms":10000,"env":{},"uptime_s":10}"#)
        #expect(board.decoder.generation == .g3)
        board.hear(BoardFrames.telemetry(1, uptime: 1))
        #expect(board.decoder.generation == .g11)
        board.hear(#"{"type":"boot","ok":true,"hello":"mycobrain.sideA.bsec2","version":"2.1.0"}"#)
        #expect(board.decoder.generation == .g4)
    }

    @Test func aBoardThatWasOnBeforeTellsItsIdInPassing() {
        var board = HeardBoard()
        for seq in 1...3 {
            board.hear(#"{"type":"tele","seq":\#(seq),"t_ms":\#(2000 * seq),"node":"A-AA:01","temperature":21.5}"#)
        }
        board.hear(#"{"ok":true,"id":"hello","node_id":"A-AA:01","uptime_ms":2400}"#)
        let ids = board.events.compactMap { if case .hello(let fields) = $0 { fields.reportedID } else { nil } }
        #expect(ids == ["A-AA:01"])
        // Another board behind the same adapter.
        board.hear("rst:0x1 (POWERON),boot:0x8")
        board.hear(#"{"type":"tele","seq":0,"t_ms":2000,"node":"A-BB:02","temperature":21.5}"#)
        #expect(board.decoder.hello?.reportedID == "A-BB:02")
    }

    // MARK: - Logs

    @Test func keysAreNeverLogged() {
        var board = HeardBoard()
        board.hear("paste now")
        board.hear("-----BEGIN PRIVATE KEY-----")
        board.hear("MIIEvQIBADANBgkqhkiG9w0BAQEFAASC")
        board.hear("-----END PRIVATE KEY-----")
        board.hear("stored")
        #expect(board.notes.map(\.body) == [#"{"text":"paste now"}"#, #"{"text":"stored"}"#])
        board.decoder.isTransferringSecrets = true
        board.hear("secret")
        #expect(board.notes.count == 2)
        #expect(board.decoder.counters.logLinesWithheld == 4)
    }

    @Test func nothingOfATransferIsLoggedWhereverItIsJoined() {
        let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDF"
        for lines in [
            ["cloud pem key", "MIIEvQ", body, "short==", "cloud pem end"], [String(body.dropFirst(3)), "Qk5v=="],
            ["-----END PRIVATE KEY-----"],
        ] {
            var board = HeardBoard()
            for line in lines { board.hear(line) }
            #expect(board.notes.allSatisfy { $0.body.contains("cloud pem") })
        }
        var board = HeardBoard()
        board.hear(BoardFrames.frame(.event, seq: 1, #"{"event":"pem","detail":"-----BEGIN PRIVATE KEY-----\nMIIE"}"#))
        board.hear(#"{"type":"ack","cmd":"cloud","message":"-----BEGIN PRIVATE KEY-----\nMIIE"}"#)
        #expect(board.notes.map(\.body) == [#"{"withheld":"key_or_certificate"}"#])
        #expect(board.answers.allSatisfy { !$0.raw.contains("MIIE") && !$0.message.contains("MIIE") })
    }

    @Test(arguments: [
        #"{"novel":{"thing":1}}"#, #"{"type":"tele","seq":4,"#, "something that nobody has seen", "[1,2",
        #"{"type":"unheard_of","n":1}"#,
    ])
    func aLineThatIsNotUnderstoodIsKeptAsItCame(_ line: String) throws {
        var board = HeardBoard()
        board.hear(line)
        #expect(board.observations.isEmpty)
        let kept = try board.notes.map { try JSON(parsing: $0.body)["text"]?.string }
        #expect(kept == [line])
        #expect(board.notes.map(\.stream) == [.logs])
    }

    @Test func theDriverBoundsWhatIsLogged() {
        var board = HeardBoard()
        board.decoder.logLinesAllowed = 2
        for line in 0..<5 { board.hear("line \(line)") }
        #expect(board.notes.count == 2)
        #expect(board.decoder.counters.logLinesWithheld == 3)
        #expect(board.decoder.logLinesAllowed == 0)
    }

    // MARK: - Bad input

    @Test func numbersInReadingsAreFiniteAndNotesAreJSONWhateverComes() {
        var random = SeededRandom(seed: 8)
        let seeds: [[UInt8]] =
            MDPVectors.valid.map { MDPVectors.wire($0) } + [MDPVectors.mixedStream] + LineSession.all.map(\.bytes)
        for round in 0..<500 {
            var board = HeardBoard()
            let seed = seeds[round % seeds.count]
            board.hear(random.mutated(seed) + seed, chunk: random.integer(in: 1...200))
            for reading in board.batch.readings {
                if case .number(let value) = reading.value { #expect(value.isFinite) }
            }
            for note in board.notes {
                #expect((try? JSON(parsing: note.body))?.members != nil)
                #expect(!note.body.utf8.contains(0x0A))
            }
            #expect(board.batch.openReadings.isEmpty)
        }
    }

    @Test func mutatedPayloadsInsideGoodFramesDoNoHarm() {
        var random = SeededRandom(seed: 9)
        for round in 0..<500 {
            guard
                case .frame(let header, let payload, _)? =
                    HeardEvent.all(of: MDPVectors.wire(MDPVectors.valid[round % MDPVectors.valid.count])).first
            else { continue }
            var board = HeardBoard()
            board.hear(MDPEncoder.encode(header, payload: random.mutated(payload).prefix(1500)))
            #expect(board.decoder.counters.frames == 1)
            #expect(board.batch.openReadings.isEmpty)
        }
    }
}
