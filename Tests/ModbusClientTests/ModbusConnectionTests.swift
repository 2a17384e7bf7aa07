import EventLoop
import FieldProtocols
import GatewayTestKit
import ModbusClient
import Serial
import Testing

@Suite struct ModbusConnections {
    @Test func everyTableIsReadOverTCP() throws {
        let slaves = try ModbusStandIn(units: [7, 255])
        slaves.set(7, .input, 3, [904, 0xFFFF])
        slaves.set(7, .holding, 0, [1, 2])
        slaves.set(7, .coil, 5, [1, 0, 1])
        slaves.set(7, .discrete, 9, [1])
        slaves.set(255, .input, 0, [42])
        let bus = try ModbusConnection(host: "127.0.0.1", port: slaves.port)
        #expect(try bus.read(function: 4, unit: 7, start: 3, count: 2) == [904, 0xFFFF])
        #expect(try bus.read(function: 3, unit: 7, start: 0, count: 2) == [1, 2])
        #expect(try bus.read(function: 1, unit: 7, start: 4, count: 5) == [0, 1, 0, 1, 0])
        #expect(try bus.read(function: 2, unit: 7, start: 9, count: 1) == [1])
        #expect(try bus.read(function: 4, unit: 255, start: 0, count: 1) == [42])
        try bus.write([9, 8], unit: 7, start: 20)
        try bus.write([7], unit: 7, start: 22)
        try bus.write(coil: true, unit: 7, at: 30)
        #expect(slaves.registers(7, .holding, 20..<23) == [9, 8, 7])
        #expect(slaves.registers(7, .coil, 30..<31) == [1])
    }

    @Test func refusalsAndSilenceAreToldApart() throws {
        let slaves = try ModbusStandIn(units: [1, 2])
        slaves.kill([2])
        let bus = try ModbusConnection(host: "127.0.0.1", port: slaves.port)
        bus.setTimeout(.milliseconds(50))
        #expect(throws: ModbusClientError.timeout) { try bus.read(function: 4, unit: 2, start: 0, count: 1) }
        bus.setTimeout(.seconds(20))
        #expect(throws: ModbusClientError.exception(2)) { try bus.read(function: 4, unit: 1, start: 999, count: 2) }
        slaves.refuse(1, with: [6])
        #expect(throws: ModbusClientError.exception(6)) { try bus.read(function: 4, unit: 1, start: 0, count: 1) }
        #expect(try bus.read(function: 4, unit: 1, start: 0, count: 1) == [0], "the bus goes on")
        #expect(throws: ModbusClientError.self) { try bus.read(function: 4, unit: 1, start: 0, count: 126) }
        slaves.close()
        let gone = #expect(throws: ModbusClientError.self) {
            for _ in 0..<100 { _ = try bus.read(function: 4, unit: 1, start: 0, count: 1) }
        }
        if case .disconnected = gone {} else { Issue.record("a server that is gone: \(String(describing: gone))") }
    }

    @Test func anAnswerIsFoundBehindThatOfAnotherQuestion() throws {
        let slaves = try ModbusStandIn(units: [1])
        slaves.set(1, .input, 3, [904, 5])
        slaves.set(1, .coil, 0, [1, 0, 1])
        slaves.sendStrays()
        let bus = try ModbusConnection(host: "127.0.0.1", port: slaves.port)
        bus.setTimeout(.seconds(20))
        for _ in 0..<3 {
            #expect(try bus.read(function: 4, unit: 1, start: 3, count: 2) == [904, 5])
            #expect(try bus.read(function: 1, unit: 1, start: 0, count: 3) == [1, 0, 1])
            #expect(throws: ModbusClientError.exception(2)) { try bus.read(function: 4, unit: 1, start: 999, count: 2) }
        }
    }

    /// Each leaves the library waiting for more, or for another frame. Silence is something else: a cable, a dead slave.
    @Test(arguments: WrongFrame.allCases)
    func aFrameThatIsNoAnswerIsToldFromSilence(_ wrong: WrongFrame) throws {
        let slaves = try ModbusStandIn(units: [1])
        slaves.set(1, .holding, 3, [904, 5])
        slaves.garble { wrong.made(of: $0) }
        let bus = try ModbusConnection(host: "127.0.0.1", port: slaves.port)
        bus.setTimeout(.milliseconds(300))
        #expect(throws: ModbusClientError.wrongAnswer) { try bus.read(function: 3, unit: 1, start: 3, count: 2) }
        slaves.garble { $0 }
        bus.setTimeout(.seconds(20))
        #expect(try bus.read(function: 3, unit: 1, start: 3, count: 2) == [904, 5], "the bus goes on")
        slaves.kill([1])
        bus.setTimeout(.milliseconds(50))
        #expect(throws: ModbusClientError.timeout) { try bus.read(function: 3, unit: 1, start: 3, count: 2) }
    }

    enum WrongFrame: CaseIterable {
        case transaction, protocolNumber, function, fewerRegisters, moreRegisters, cut, cutHead, otherProtocol
        case exceptionZero, exceptionUnknown

        func made(of frame: [UInt8]) -> [UInt8] {
            var frame = frame
            switch self {
            case .transaction: frame[1] ^= 0x11
            // The library takes it for 0 if either byte is.
            case .protocolNumber: (frame[2], frame[3]) = (0x12, 0x34)
            case .function: frame[7] = 0x55
            case .fewerRegisters:
                frame[8] = 2
                frame.removeLast(2)
            case .moreRegisters:
                frame[8] = 6
                frame += [0, 0]
            case .cut: frame.removeLast()
            case .cutHead: frame.removeLast(frame.count - 5)
            case .otherProtocol: frame = Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)
            case .exceptionZero: frame = frame[..<7] + [0x83, 0]
            case .exceptionUnknown: frame = frame[..<7] + [0x83, 0x77]
            }
            return frame
        }
    }

    @Test func aConnectionThatTheOtherEndHasClosedIsKnown() throws {
        let slaves = try ModbusStandIn(units: [1])
        let bus = try ModbusConnection(host: "127.0.0.1", port: slaves.port)
        _ = try bus.read(function: 4, unit: 1, start: 0, count: 1)
        #expect(!bus.isHungUp)
        slaves.hangUpAlways()
        _ = try bus.read(function: 4, unit: 1, start: 0, count: 1)
        #expect(Eventually.holds(within: .seconds(30)) { bus.isHungUp })
    }

    @Test func aHostThatDoesNotAnswerIsAnErrorAndNoMore() throws {
        let port = try LoopbackPort.free()
        for _ in 0..<5 {
            #expect(throws: ModbusClientError.self) { try ModbusConnection(host: "127.0.0.1", port: port) }
        }
        #expect(throws: ModbusClientError.self) { try ModbusConnection(host: "127.0.0.1", port: 0) }
    }

    @Test(arguments: [UInt8(1), 247, 248, 254])
    func everyUnitIsReadOnASerialBus(unit: UInt8) throws {
        let pair = try PtyPair()
        let slaves = try ModbusStandIn(units: [unit], on: pair)
        slaves.set(unit, .input, 0, [0, 0, 0, 904])
        slaves.set(unit, .coil, 3, [1])
        let port = try SerialPort(opening: pair.path, settings: LineSettings(baud: 9_600))
        let bus = try ModbusConnection(descriptor: port.fileDescriptor, baud: 9_600)
        bus.setTimeout(.seconds(20))
        #expect(try bus.read(function: 4, unit: unit, start: 0, count: 4) == [0, 0, 0, 904])
        #expect(try bus.read(function: 1, unit: unit, start: 2, count: 3) == [0, 1, 0])
        try bus.write([180], unit: unit, start: 31)
        #expect(try bus.read(function: 3, unit: unit, start: 31, count: 1) == [180])
        try bus.write([181, 182], unit: unit, start: 31)
        try bus.write(coil: true, unit: unit, at: 30)
        #expect(slaves.registers(unit, .holding, 31..<33) == [181, 182])
        #expect(slaves.registers(unit, .coil, 30..<31) == [1])
        #expect(throws: ModbusClientError.exception(2)) { try bus.read(function: 4, unit: unit, start: 999, count: 2) }
        slaves.damage(next: 1)
        let damaged = #expect(throws: ModbusClientError.self) {
            try bus.read(function: 4, unit: unit, start: 0, count: 4)
        }
        #expect(damaged == .crc)
        #expect(try bus.read(function: 4, unit: unit, start: 0, count: 4) == [0, 0, 0, 904], "the bus goes on")
        withExtendedLifetime(port) {}
    }

    @Test func anAnswerThatNobodyWaitsForIsNotTakenForTheNext() throws {
        let pair = try PtyPair()
        let slaves = try ModbusStandIn(units: [1], on: pair)
        slaves.set(1, .holding, 0, [111, 222])
        let port = try SerialPort(opening: pair.path, settings: LineSettings(baud: 9_600))
        let bus = try ModbusConnection(descriptor: port.fileDescriptor, baud: 9_600)
        bus.setTimeout(.seconds(20))
        #expect(try bus.read(function: 3, unit: 1, start: 0, count: 1) == [111])
        // A slave that answers twice, or a repeater that does.
        pair.send(ModbusCRC.appended(to: [1, 3, 2, 0, 77]))
        #expect(try bus.read(function: 3, unit: 1, start: 1, count: 1) == [222])
        #expect(try bus.read(function: 3, unit: 1, start: 0, count: 1) == [111])
        pair.send(ModbusCRC.appended(to: [1, 3, 2, 0, 77]))
        try bus.write([9], unit: 1, start: 5)
        #expect(slaves.registers(1, .holding, 5..<6) == [9])
        withExtendedLifetime(port) {}
    }

    /// They would end the wait for the right one, which would then be taken for the answer to the next question.
    @Test func lateAnswersOfOthersArePassedOver() throws {
        let pair = try PtyPair()
        let port = try SerialPort(opening: pair.path, settings: LineSettings(baud: 9_600))
        let bus = try ModbusConnection(descriptor: port.fileDescriptor, baud: 9_600)
        bus.setTimeout(.seconds(20))
        try DedicatedThread.start(named: "slaves") {
            for value in [UInt8(111), 112] {
                _ = pair.receive(within: .seconds(60))
                for late: [UInt8] in [[2, 3, 2, 0, 77], [1, 4, 2, 0, 78], [2, 0x83, 6], [1, 3, 2, 0, value]] {
                    pair.send(ModbusCRC.appended(to: late))
                }
            }
        }
        #expect(try bus.read(function: 3, unit: 1, start: 0, count: 1) == [111])
        #expect(try bus.read(function: 3, unit: 1, start: 1, count: 1) == [112])
        withExtendedLifetime(port) {}
    }
}
