internal import CModbus

/// One bus: an open serial port, or a TCP connection, and its master. One thread uses it; every call blocks until the
/// answer is there or the time is up.
public final class ModbusConnection {
    private enum Link {
        case serial(RTULine)
        case tcp(TCPMaster)
    }

    private let link: Link

    /// How long an answer may take to begin.
    public private(set) var timeout: Duration = .milliseconds(500)

    /// A bus on a serial port that the caller has opened, set and locked, and closes afterwards.
    ///
    /// - Parameter baud: its speed, which tells how long a character takes.
    public init(descriptor: Int32, baud: Int) throws(ModbusClientError) {
        guard descriptor >= 0, (1...10_000_000).contains(baud) else { throw .invalid("no bus at \(baud) baud") }
        link = .serial(RTULine(descriptor: descriptor, baud: baud))
    }

    /// A bus over TCP; connects.
    public init(host: String, port: Int, timeout: Duration = .seconds(2)) throws(ModbusClientError) {
        let master = try TCPMaster(host: host, port: port, timeout: timeout)
        link = .tcp(master)
        self.timeout = timeout
    }

    /// Sets how long an answer may take to begin, 1 ms to 60 s.
    public func setTimeout(_ timeout: Duration) {
        self.timeout = min(max(timeout, .milliseconds(1)), .seconds(60))
        if case .tcp(let master) = link { master.setTimeout(self.timeout) }
    }

    /// Whether the other end of a TCP connection has closed it.
    public var isHungUp: Bool { if case .tcp(let master) = link { master.isHungUp } else { false } }

    /// Reads bits (functions 1 and 2, as 0 and 1) or registers (3 and 4) from `start`.
    public func read(
        function: UInt8, unit: UInt8, start: UInt16, count: Int
    ) throws(ModbusClientError) -> [UInt16] {
        let countMax = function <= 2 ? Int(MODBUS_MAX_READ_BITS) : Int(MODBUS_MAX_READ_REGISTERS)
        guard (1...4).contains(function), (1...countMax).contains(count), Int(start) + count <= 65_536 else {
            throw .invalid("function \(function): \(count) from \(start)")
        }
        if case .tcp(let master) = link, TCPMaster.asksItself(unit) {
            return try master.read(function: function, unit: unit, start: start, count: count)
        }
        let answer = try exchange([unit, function] + Self.bytes(start) + Self.bytes(UInt16(count)))
        return try Self.values(of: answer, function, count)
    }

    /// Writes one register (function 6) or several (16). Never repeated by itself.
    public func write(_ registers: [UInt16], unit: UInt8, start: UInt16) throws(ModbusClientError) {
        guard (1...Int(MODBUS_MAX_WRITE_REGISTERS)).contains(registers.count) else {
            throw .invalid("\(registers.count) registers for unit \(unit)")
        }
        if case .tcp(let master) = link, TCPMaster.asksItself(unit) {
            return try master.write(registers, unit: unit, start: start)
        }
        if registers.count == 1 { return try write(6, unit, start, registers[0]) }
        let head = [unit, 16] + Self.bytes(start) + Self.bytes(UInt16(registers.count))
        let answer = try exchange(head + [UInt8(registers.count * 2)] + registers.flatMap(Self.bytes))
        guard answer == head else { throw .wrongAnswer }
    }

    /// Switches one coil (function 5). Never repeated by itself.
    public func write(coil: Bool, unit: UInt8, at address: UInt16) throws(ModbusClientError) {
        if case .tcp(let master) = link, TCPMaster.asksItself(unit) {
            return try master.write(coil: coil, unit: unit, at: address)
        }
        try write(5, unit, address, coil ? 0xFF00 : 0)
    }

    private func write(
        _ function: UInt8, _ unit: UInt8, _ address: UInt16, _ value: UInt16
    ) throws(ModbusClientError) {
        let question = [unit, function] + Self.bytes(address) + Self.bytes(value)
        guard try exchange(question) == question else { throw .wrongAnswer }
    }

    /// Sends unit and PDU and returns those of the answer, which is no refusal.
    private func exchange(_ question: [UInt8]) throws(ModbusClientError) -> [UInt8] {
        let answer =
            switch link {
            case .serial(let line): try line.ask(question, timeout: timeout)
            case .tcp(let master): try master.ask(question)
            }
        if answer[1] & 0x80 != 0 { throw .exception(answer[2]) }
        return answer
    }

    private static func bytes(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(truncatingIfNeeded: value)] }

    /// Bits or registers of unit and PDU of an answer.
    static func values(of answer: [UInt8], _ function: UInt8, _ count: Int) throws(ModbusClientError) -> [UInt16] {
        guard answer.count >= 3, answer[1] & 0x7F == function else { throw .wrongAnswer }
        if answer[1] & 0x80 != 0 { throw .exception(answer[2]) }
        let wanted = function <= 2 ? (count + 7) / 8 : count * 2
        guard answer.count == wanted + 3, answer[2] == UInt8(wanted) else { throw .wrongAnswer }
        let data = answer[3...]
        if function <= 2 { return (0..<count).map { UInt16(data[3 + $0 / 8] >> UInt8($0 % 8) & 1) } }
        return (0..<count).map { UInt16(data[3 + 2 * $0]) << 8 | UInt16(data[4 + 2 * $0]) }
    }
}

extension ModbusConnection {
    /// The version of libmodbus that is loaded.
    public static var libraryVersion: String {
        "\(libmodbus_version_major).\(libmodbus_version_minor).\(libmodbus_version_micro)"
    }
}
