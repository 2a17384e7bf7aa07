internal import CModbus
internal import Glibc

/// One bus: an open serial port, or a TCP connection, and its master. One thread uses it; every call blocks until the
/// answer is there or the time is up.
public final class ModbusConnection {
    private let context: OpaquePointer
    private let isSerial: Bool
    /// Over TCP: after a failure, what came late must not be taken for the next answer.
    private var needsFlush = false
    /// The number that the library has given the last question over TCP.
    private var transaction: UInt16 = 0

    /// How long an answer may take to begin.
    public private(set) var timeout: Duration = .milliseconds(500)

    /// A bus on a serial port that the caller has opened, set and locked, and closes afterwards.
    ///
    /// - Parameter baud: its speed, which tells how long a character takes.
    public init(descriptor: Int32, baud: Int) throws(ModbusClientError) {
        // The library waits by select(), which knows no higher ones.
        guard descriptor >= 0, descriptor < 1_024 else {
            throw .invalid("descriptor \(descriptor) is beyond what select() takes")
        }
        guard let baud = Int32(exactly: baud), baud > 0, let made = modbus_new_rtu("/dev/null", baud, 78, 8, 1) else {
            throw .invalid("no bus at \(baud) baud")
        }
        context = made
        isSerial = true
        modbus_set_socket(context, descriptor)
        prepare()
    }

    /// A bus over TCP; connects.
    public init(host: String, port: Int, timeout: Duration = .seconds(2)) throws(ModbusClientError) {
        guard (1...65_535).contains(port), let made = modbus_new_tcp_pi(host, String(port)) else {
            throw .invalid("no address: \(host):\(port)")
        }
        context = made
        isSerial = false
        prepare()
        setTimeout(timeout)
        // The object is whole already: when this throws, `deinit` frees the context.
        guard modbus_connect(context) == 0 else { throw .disconnected(errno: errno) }
        guard modbus_get_socket(context) < 1_024 else { throw .invalid("too many open descriptors for select()") }
    }

    private func prepare() {
        modbus_set_error_recovery(context, MODBUS_ERROR_RECOVERY_NONE)
        setTimeout(timeout)
        // Between two bytes of one answer: adapters deliver in lumps, hence far more than the 1.5 characters of the rule.
        modbus_set_byte_timeout(context, 0, 100_000)
    }

    deinit {
        if isSerial {
            // The port is the caller's.
            modbus_set_socket(context, -1)
        } else {
            modbus_close(context)
        }
        modbus_free(context)
    }

    /// Sets how long an answer may take to begin, 1 ms to 60 s.
    public func setTimeout(_ timeout: Duration) {
        let (seconds, attoseconds) = min(max(timeout, .milliseconds(1)), .seconds(60)).components
        self.timeout = timeout
        modbus_set_response_timeout(context, UInt32(seconds), UInt32(attoseconds / 1_000_000_000_000))
    }

    /// Reads bits (functions 1 and 2, as 0 and 1) or registers (3 and 4) from `start`.
    public func read(
        function: UInt8, unit: UInt8, start: UInt16, count: Int
    ) throws(ModbusClientError) -> [UInt16] {
        let countMax = function <= 2 ? Int(MODBUS_MAX_READ_BITS) : Int(MODBUS_MAX_READ_REGISTERS)
        guard (1...4).contains(function), (1...countMax).contains(count), Int(start) + count <= 65_536 else {
            throw .invalid("function \(function): \(count) from \(start)")
        }
        flushIfNeeded()
        guard isAskedByLibrary(unit) else { return try readRaw(function, unit, start, count) }
        modbus_set_slave(context, Int32(unit))
        transaction &+= 1
        if function <= 2 {
            var bits = [UInt8](repeating: 0, count: count)
            let got =
                function == 1
                ? modbus_read_bits(context, Int32(start), Int32(count), &bits)
                : modbus_read_input_bits(context, Int32(start), Int32(count), &bits)
            if isStray(got) { return try Self.values(of: answerBehindStrays(), function, count) }
            try check(got, count)
            return bits.map(UInt16.init)
        }
        var registers = [UInt16](repeating: 0, count: count)
        let got =
            function == 3
            ? modbus_read_registers(context, Int32(start), Int32(count), &registers)
            : modbus_read_input_registers(context, Int32(start), Int32(count), &registers)
        if isStray(got) { return try Self.values(of: answerBehindStrays(), function, count) }
        try check(got, count)
        return registers
    }

    /// Writes one register (function 6) or several (16). Never repeated by itself.
    public func write(_ registers: [UInt16], unit: UInt8, start: UInt16) throws(ModbusClientError) {
        guard (1...Int(MODBUS_MAX_WRITE_REGISTERS)).contains(registers.count) else {
            throw .invalid("\(registers.count) registers for unit \(unit)")
        }
        flushIfNeeded()
        guard isAskedByLibrary(unit) else { return try writeRaw(registers, unit, start) }
        modbus_set_slave(context, Int32(unit))
        transaction &+= 1
        if registers.count == 1 {
            try check(modbus_write_register(context, Int32(start), registers[0]), 1)
        } else {
            try check(modbus_write_registers(context, Int32(start), Int32(registers.count), registers), registers.count)
        }
    }

    /// Switches one coil (function 5). Never repeated by itself.
    public func write(coil: Bool, unit: UInt8, at address: UInt16) throws(ModbusClientError) {
        flushIfNeeded()
        guard isAskedByLibrary(unit) else { return try writeRaw(5, unit, address, coil ? 0xFF00 : 0) }
        modbus_set_slave(context, Int32(unit))
        transaction &+= 1
        try check(modbus_write_bit(context, Int32(address), coil ? 1 : 0), 1)
    }

    /// Whether the library's own questions do. Version 3.1.6 refuses the units beyond 247 that the standard reserves and that
    /// devices answer to all the same, such as 254; and on a serial line it takes the late answer of one unit for a wrong one
    /// of another and leaves the right one to the next question.
    private func isAskedByLibrary(_ unit: UInt8) -> Bool { !isSerial && (unit <= 247 || unit == 255) }

    /// Whether the other end of a TCP connection has closed it.
    public var isHungUp: Bool {
        guard !isSerial else { return false }
        var byte: UInt8 = 0
        let got = recv(modbus_get_socket(context), &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
        return got == 0 || got < 0 && errno != EAGAIN && errno != EINTR
    }

    /// Whether a frame came over TCP that is not the answer to the question asked last.
    private func isStray(_ got: Int32) -> Bool { got < 0 && !isSerial && errno == Int32(cmodbus_bad_data) }

    /// The answer that stands behind a frame of another question, such as one whose time was up: over TCP the number tells.
    private func answerBehindStrays() throws(ModbusClientError) -> [UInt8] {
        needsFlush = true
        for _ in 0..<Self.strayCountMax {
            var answer = [UInt8](repeating: 0, count: Int(MODBUS_MAX_ADU_LENGTH))
            let got = Int(modbus_receive_confirmation(context, &answer))
            guard got >= 0 else { throw Self.error(errno) }
            guard got > 8, UInt16(answer[0]) << 8 | UInt16(answer[1]) == transaction else { continue }
            needsFlush = false
            return Array(answer[6..<got])
        }
        throw .wrongAnswer
    }

    private static let strayCountMax = 4

    /// On a serial line nothing tells which question an answer belongs to, so whatever stands in the buffer before a question
    /// is thrown away; TCP numbers them.
    private func flushIfNeeded() {
        if isSerial {
            tcflush(modbus_get_socket(context), TCIFLUSH)
        } else if needsFlush {
            modbus_flush(context)
        }
        needsFlush = false
    }

    private func check(_ got: Int32, _ wanted: Int) throws(ModbusClientError) {
        if got == Int32(wanted) { return }
        let number = errno
        needsFlush = true
        throw got >= 0 ? .wrongAnswer : Self.error(number)
    }

    private static func error(_ number: Int32) -> ModbusClientError {
        if number == ETIMEDOUT { return .timeout }
        let exception = number - Int32(cmodbus_enobase)
        if (1...11).contains(exception) { return .exception(UInt8(exception)) }
        if number == Int32(cmodbus_bad_crc) { return .crc }
        if exception > 11, exception < 100 { return .wrongAnswer }
        return number == EINVAL ? .invalid("refused by libmodbus") : .disconnected(errno: number)
    }
}

extension ModbusConnection {
    private func readRaw(
        _ function: UInt8, _ unit: UInt8, _ start: UInt16, _ count: Int
    ) throws(ModbusClientError) -> [UInt16] {
        let answer = try exchange([unit, function] + Self.bytes(start) + Self.bytes(UInt16(count)))
        return try Self.values(of: answer, function, count)
    }

    /// Bits or registers of unit and PDU of an answer.
    private static func values(
        of answer: [UInt8], _ function: UInt8, _ count: Int
    ) throws(ModbusClientError) -> [UInt16] {
        guard answer.count >= 3, answer[1] & 0x7F == function else { throw .wrongAnswer }
        if answer[1] & 0x80 != 0 { throw .exception(answer[2]) }
        let wanted = function <= 2 ? (count + 7) / 8 : count * 2
        guard answer.count == wanted + 3, answer[2] == UInt8(wanted) else { throw .wrongAnswer }
        let data = answer[3...]
        if function <= 2 { return (0..<count).map { UInt16(data[3 + $0 / 8] >> UInt8($0 % 8) & 1) } }
        return (0..<count).map { UInt16(data[3 + 2 * $0]) << 8 | UInt16(data[4 + 2 * $0]) }
    }

    private func writeRaw(
        _ function: UInt8, _ unit: UInt8, _ address: UInt16, _ value: UInt16
    ) throws(ModbusClientError) {
        let question = [unit, function] + Self.bytes(address) + Self.bytes(value)
        guard try exchange(question) == question else { throw .wrongAnswer }
    }

    private func writeRaw(_ registers: [UInt16], _ unit: UInt8, _ start: UInt16) throws(ModbusClientError) {
        if registers.count == 1 { return try writeRaw(6, unit, start, registers[0]) }
        let head = [unit, 16] + Self.bytes(start) + Self.bytes(UInt16(registers.count))
        let answer = try exchange(head + [UInt8(registers.count * 2)] + registers.flatMap(Self.bytes))
        guard answer == head else { throw .wrongAnswer }
    }

    private static func bytes(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(truncatingIfNeeded: value)] }

    /// Answers to other questions that are passed over, at most, before the right one.
    private static let strayMax = 4

    /// Sends unit and PDU and returns those of the answer. What another unit says late, or this one to another function, is
    /// passed over.
    private func exchange(_ question: [UInt8]) throws(ModbusClientError) -> [UInt8] {
        guard modbus_send_raw_request(context, question, Int32(question.count)) > 0 else {
            throw Self.error(errno)
        }
        for _ in 0...(isSerial ? Self.strayMax : 0) {
            let frame = try receive()
            guard frame[0] == question[0], frame[1] & 0x7F == question[1] else { continue }
            if frame[1] & 0x80 != 0 { throw .exception(frame[2]) }
            return frame
        }
        needsFlush = true
        throw .wrongAnswer
    }

    /// Unit and PDU of the next frame. On a serial line the library drops an answer of a unit that it was not told of, but
    /// leaves it in the buffer: its checksum is looked at here.
    private func receive() throws(ModbusClientError) -> [UInt8] {
        var answer = [UInt8](repeating: 0, count: Int(MODBUS_MAX_ADU_LENGTH))
        let got = modbus_receive_confirmation(context, &answer)
        guard got >= 0 else {
            let number = errno
            needsFlush = true
            throw Self.error(number)
        }
        let frame = isSerial ? Self.serialFrame(answer) : got > 7 ? Array(answer[6..<Int(got)]) : nil
        guard let frame, frame.count >= 3 else {
            needsFlush = true
            throw isSerial ? .crc : .wrongAnswer
        }
        return frame
    }

    /// Unit and PDU of an answer to one of functions 1 to 6; nil if the checksum is wrong.
    private static func serialFrame(_ bytes: [UInt8]) -> [UInt8]? {
        let count = bytes[1] & 0x80 != 0 ? 3 : bytes[1] <= 4 ? 3 + Int(bytes[2]) : 6
        guard count + 2 <= bytes.count else { return nil }
        var crc: UInt16 = 0xFFFF
        for byte in bytes[..<count] {
            crc ^= UInt16(byte)
            for _ in 0..<8 { crc = crc & 1 != 0 ? crc >> 1 ^ 0xA001 : crc >> 1 }
        }
        let sent = UInt16(bytes[count]) | UInt16(bytes[count + 1]) << 8
        return crc == sent ? Array(bytes[..<count]) : nil
    }
}

extension ModbusConnection {
    /// The version of libmodbus that is loaded.
    public static var libraryVersion: String {
        "\(libmodbus_version_major).\(libmodbus_version_minor).\(libmodbus_version_micro)"
    }
}
