internal import CModbus
internal import Glibc

/// A connection over TCP, by libmodbus.
final class TCPMaster {
    private let context: OpaquePointer
    /// After a failure, what came late must not be taken for the next answer.
    private var needsFlush = false
    /// The number that the library has given the last question.
    private var transaction: UInt16 = 0
    /// Bytes that the connection had brought before the last question.
    private var receivedBefore: UInt64 = 0

    /// Connects.
    init(host: String, port: Int, timeout: Duration) throws(ModbusClientError) {
        guard (1...65_535).contains(port), let made = modbus_new_tcp_pi(host, String(port)) else {
            throw .invalid("no address: \(host):\(port)")
        }
        context = made
        modbus_set_error_recovery(context, MODBUS_ERROR_RECOVERY_NONE)
        setTimeout(timeout)
        // Between two bytes of one answer.
        modbus_set_byte_timeout(context, 0, 100_000)
        // The object is whole already: when this throws, `deinit` frees the context.
        guard modbus_connect(context) == 0 else { throw .disconnected(errno: errno) }
        // The library waits by select(), which knows no higher ones.
        guard modbus_get_socket(context) < 1_024 else { throw .invalid("too many open descriptors for select()") }
    }

    deinit {
        modbus_close(context)
        modbus_free(context)
    }

    func setTimeout(_ timeout: Duration) {
        let (seconds, attoseconds) = timeout.components
        modbus_set_response_timeout(context, UInt32(seconds), UInt32(attoseconds / 1_000_000_000_000))
    }

    /// Whether the library's own questions do: version 3.1.6 refuses the units beyond 247 that the standard reserves and that
    /// devices answer to all the same, such as 254.
    static func asksItself(_ unit: UInt8) -> Bool { unit <= 247 || unit == 255 }

    var isHungUp: Bool {
        var byte: UInt8 = 0
        let got = recv(modbus_get_socket(context), &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
        return got == 0 || got < 0 && errno != EAGAIN && errno != EINTR
    }

    func read(function: UInt8, unit: UInt8, start: UInt16, count: Int) throws(ModbusClientError) -> [UInt16] {
        begin(unit)
        if function <= 2 {
            var bits = [UInt8](repeating: 0, count: count)
            let got =
                function == 1
                ? modbus_read_bits(context, Int32(start), Int32(count), &bits)
                : modbus_read_input_bits(context, Int32(start), Int32(count), &bits)
            if isStray(got) { return try ModbusConnection.values(of: answerBehindStrays(), function, count) }
            try check(got, count)
            return bits.map(UInt16.init)
        }
        var registers = [UInt16](repeating: 0, count: count)
        let got =
            function == 3
            ? modbus_read_registers(context, Int32(start), Int32(count), &registers)
            : modbus_read_input_registers(context, Int32(start), Int32(count), &registers)
        if isStray(got) { return try ModbusConnection.values(of: answerBehindStrays(), function, count) }
        try check(got, count)
        return registers
    }

    func write(_ registers: [UInt16], unit: UInt8, start: UInt16) throws(ModbusClientError) {
        begin(unit)
        if registers.count == 1 {
            try check(modbus_write_register(context, Int32(start), registers[0]), 1)
        } else {
            try check(modbus_write_registers(context, Int32(start), Int32(registers.count), registers), registers.count)
        }
    }

    func write(coil: Bool, unit: UInt8, at address: UInt16) throws(ModbusClientError) {
        begin(unit)
        try check(modbus_write_bit(context, Int32(address), coil ? 1 : 0), 1)
    }

    private func begin(_ unit: UInt8) {
        flushIfNeeded()
        modbus_set_slave(context, Int32(unit))
        transaction &+= 1
    }

    /// Sends unit and PDU, without a number of its own, and returns those of the answer.
    func ask(_ question: [UInt8]) throws(ModbusClientError) -> [UInt8] {
        flushIfNeeded()
        guard modbus_send_raw_request(context, question, Int32(question.count)) > 0 else { throw error(errno) }
        needsFlush = true
        let answer = try receive()
        guard answer.count >= 9, answer[6] == question[0], answer[7] & 0x7F == question[1] else { throw .wrongAnswer }
        needsFlush = false
        return Array(answer[6...])
    }

    private func receive() throws(ModbusClientError) -> ArraySlice<UInt8> {
        var answer = [UInt8](repeating: 0, count: Int(MODBUS_MAX_ADU_LENGTH))
        let got = Int(modbus_receive_confirmation(context, &answer))
        guard got >= 0 else { throw error(errno) }
        return answer[..<got]
    }

    /// Whether a frame came that is not the answer to the question asked last.
    private func isStray(_ got: Int32) -> Bool { got < 0 && errno == Int32(cmodbus_bad_data) }

    /// The answer that stands behind a frame of another question, such as one whose time was up: the number tells.
    private func answerBehindStrays() throws(ModbusClientError) -> [UInt8] {
        needsFlush = true
        for _ in 0..<Self.strayCountMax {
            let answer = try receive()
            guard answer.count > 8, UInt16(answer[0]) << 8 | UInt16(answer[1]) == transaction else { continue }
            needsFlush = false
            return Array(answer[6...])
        }
        throw .wrongAnswer
    }

    private static let strayCountMax = 4

    private func flushIfNeeded() {
        if needsFlush { modbus_flush(context) }
        needsFlush = false
        receivedBefore = received
    }

    private func check(_ got: Int32, _ wanted: Int) throws(ModbusClientError) {
        if got == Int32(wanted) { return }
        let number = errno
        needsFlush = true
        throw got >= 0 ? .wrongAnswer : error(number)
    }

    private var received: UInt64 { cmodbus_received_bytes(modbus_get_socket(context)) }

    /// The library waits for the rest of what is no answer, or for another frame, until the time is up.
    private func error(_ number: Int32) -> ModbusClientError {
        if number == ETIMEDOUT { return received == receivedBefore ? .timeout : .wrongAnswer }
        let exception = number - Int32(cmodbus_enobase)
        if (1...11).contains(exception) { return .exception(UInt8(exception)) }
        if (0..<100).contains(exception) { return .wrongAnswer }
        return number == EINVAL ? .invalid("refused by libmodbus") : .disconnected(errno: number)
    }
}
