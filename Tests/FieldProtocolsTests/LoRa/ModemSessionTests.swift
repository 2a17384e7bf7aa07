import FieldProtocols
import Testing

@Suite struct ModemSessions {
    private func line(_ text: String, _ dialect: ModemDialect = .rak3172) throws -> ModemLine {
        var receiver = ModemReceiver(dialect)
        return try Array(text.utf8).withUnsafeBytes { bytes in
            let read = Result { try receiver.read(bytes) }
            return try read.get()
        }
    }

    private func write(_ text: String) -> ATSession.Action { .write(Array((text + "\r\n").utf8)) }

    @Test func anEventNeverEndsACommand() throws {
        var session = ATSession(.rak3172)
        #expect(session.submit(.init("AT+PSEND=01", tag: 1), at: 0) == [write("AT+PSEND=01")])
        for event in ["+EVT:TXP2P DONE", "+EVT:RXP2P:-57:9:01", "+EVT:SEND_CONFIRMED_OK", "+EVT:JOINED", ""] {
            #expect(session.receive(try line(event), at: 10) == [])
        }
        #expect(session.receive(try line("OK"), at: 20) == [.ended(tag: 1, .done(nil))])
        #expect(session.isIdle)
        // Nothing waits: an OK out of nowhere ends nothing.
        #expect(session.receive(.done, at: 30) == [])
    }

    @Test func commandsGoOneAfterTheOther() throws {
        var session = ATSession(.rak3172)
        _ = session.submit(.init("AT+VER=?", tag: 1), at: 0)
        #expect(session.submit(.init("AT+NWM=0", tag: 2), at: 0) == [])
        #expect(session.receive(try line("AT+VER=RUI_4.1.0"), at: 1) == [])
        #expect(session.receive(.done, at: 2) == [.ended(tag: 1, .done("RUI_4.1.0")), write("AT+NWM=0")])
        // An echo is no answer.
        #expect(session.receive(try line("AT+NWM=0"), at: 3) == [])
        #expect(
            session.receive(try line("AT_PARAM_ERROR"), at: 4) == [.ended(tag: 2, .refused("AT_PARAM_ERROR"))])
    }

    @Test func whatComesLateEndsNoOtherCommand() throws {
        var session = ATSession(.rak3172)
        _ = session.submit(.init("AT+A=1", tag: 1, patience: 100), at: 0)
        _ = session.submit(.init("AT+B=1", tag: 2, patience: 100), at: 0)
        #expect(session.tick(100) == [.ended(tag: 1, .timedOut)])
        #expect(session.receive(.done, at: 600) == [])
        #expect(session.tick(1_100) == [])
        #expect(session.tick(1_600) == [write("AT+B=1")])
        #expect(session.receive(.done, at: 1_610) == [.ended(tag: 2, .done(nil))])
    }

    @Test func aBusyModemIsAskedAgainAFewTimes() throws {
        var session = ATSession(.rak3172)
        _ = session.submit(.init("AT+PSEND=01", tag: 1), at: 0)
        var now: Int64 = 0
        for _ in 0..<3 {
            #expect(session.receive(.refused("AT_BUSY_ERROR"), at: now) == [])
            now += 500
            #expect(session.tick(now) == [write("AT+PSEND=01")])
        }
        #expect(
            session.receive(.refused("AT_BUSY_ERROR"), at: now) == [.ended(tag: 1, .refused("AT_BUSY_ERROR"))])
    }

    @Test func everyCommandOfLoRaE5IsAnsweredUnderItsName() throws {
        var session = ATSession(.loraE5)
        _ = session.submit(.init("AT+MODE=TEST", tag: 1), at: 0)
        #expect(session.receive(try line("+MODE: TEST", .loraE5), at: 1) == [.ended(tag: 1, .done("TEST"))])
        _ = session.submit(.init("AT+TEST=RXLRPKT", tag: 2), at: 2)
        #expect(session.receive(try line("+TEST: LEN:7, RSSI:-57, SNR:9", .loraE5), at: 3) == [])
        #expect(session.receive(try line("+TEST: RXLRPKT", .loraE5), at: 4) == [.ended(tag: 2, .done("RXLRPKT"))])
    }

    @Test func impossibleValuesAndOddHexAreDamage() {
        for bad in [
            "+EVT:RXP2P:-57:9:012", "+EVT:RXP2P:-57:9", "+EVT:RXP2P:x:9:01", "+EVT:RXP2P:-900:9:01",
            "+EVT:RXP2P:-57:9:0G", "+EVT:RX_1:-70:8:UNICAST:300:01", "+EVT:123",
        ] {
            #expect(throws: LoRaError.self, "\(bad)") { try line(bad) }
        }
        #expect(throws: LoRaError(.lineTooLong, at: 1_024)) { try line(String(repeating: "A", count: 1_025)) }
        // A content without its signal may be part of anything.
        #expect(throws: LoRaError(.malformedLine)) { try line("+EVT:0102") }
    }

    @Test func nulAndBlanksAroundALineArePassedOver() throws {
        #expect(try line("\0\r OK \r") == .done)
        #expect(
            try line("+RCV=7,2, ,,-61,9", .reyax) == .packet(ModemPacket([0x20, 0x2C], rssi: -61, snr: 9, sender: 7)))
    }

    @Test func theContentOfAReyaxPacketMayHoldTheEndOfALine() throws {
        let stream = Array("+OK\r\n+RCV=7,6,a\r\nb\n,,-61,9\r\n\r\n+RCV=8,1,\r,-62,9\r\n+RCV=x\r\n+ERR=12\r\n".utf8)
        for step in 1...stream.count {
            var lines = ModemDialect.reyax.lines
            var read: [ModemLine?] = []
            for start in stride(from: 0, to: stream.count, by: step) {
                Array(stream[start..<min(start + step, stream.count)]).withUnsafeBytes {
                    lines.receive($0) { line in
                        // A damaged line is nil.
                        read.append(line.flatMap { try? ModemDialect.reyax.read($0) })
                    }
                }
            }
            #expect(
                read == [
                    .done, .packet(ModemPacket(Array("a\r\nb\n,".utf8), rssi: -61, snr: 9, sender: 7)),
                    .packet(ModemPacket([0x0D], rssi: -62, snr: 9, sender: 8)), nil, .refused("+ERR=12"),
                ], "cut by \(step)")
        }
    }

    @Test func aFrameThatWasCutShortHidesNoOther() throws {
        let message = Array("\u{12}\u{2}\u{48}\u{1}".utf8)
        let frame = try #require(MeshtasticFraming.frame(message))
        let long = try #require(MeshtasticFraming.frame(Array(repeating: 0x12, count: 20)))
        var framing = MeshtasticFraming()
        var found = 0
        func take(_ bytes: [UInt8]) {
            bytes.withUnsafeBytes {
                framing.receive($0) { body in
                    let isMessage = body.elementsEqual(message)
                    found += isMessage ? 1 : 0
                    return isMessage
                }
            }
        }
        // The node is started anew in the middle of a frame.
        take(Array(long.prefix(10)) + frame + frame + frame)
        #expect(found == 3)
        // Or says nothing for so long that the rest will not come.
        take(Array(long.prefix(10)) + frame)
        #expect(found == 3 && framing.isInsideFrame)
        framing.giveUp { body in
            found += body.elementsEqual(message) ? 1 : 0
            return true
        }
        #expect(found == 4 && !framing.isInsideFrame)
    }

    @Test func framesOfAMeshAreFoundAmongText() throws {
        let message = Array("\u{12}\u{1}x".utf8)
        let frame = try #require(MeshtasticFraming.frame(message))
        let stream = Array("INFO boot\r\n".utf8) + [0x94] + frame + [0x94, 0xC3, 0xFF, 0xFF] + frame + [0x0A]
        // However it is cut.
        for step in 1...stream.count {
            var framing = MeshtasticFraming()
            var found: [[UInt8]] = []
            for start in stride(from: 0, to: stream.count, by: step) {
                Array(stream[start..<min(start + step, stream.count)]).withUnsafeBytes {
                    framing.receive($0) {
                        found.append(Array($0))
                        return true
                    }
                }
            }
            #expect(found == [message, message], "cut by \(step)")
            #expect(framing.skipped == stream.count - 2 * frame.count)
        }
    }
}
