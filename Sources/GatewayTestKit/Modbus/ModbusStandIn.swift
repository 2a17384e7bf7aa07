import CLinux
import CModbus
import EventLoop
public import FieldProtocols
import Glibc

/// Slaves behind one address: a Modbus TCP server by libmodbus, or a bus of slaves on the board's end of a pseudo
/// terminal. Registers are set from outside; a slave that is dead says nothing.
public final class ModbusStandIn: Sendable {
    struct State {
        var registers: [UInt8: [ModbusTable: [UInt16]]] = [:]
        var dead: Set<UInt8> = []
        /// Exceptions in place of the next answers, by unit.
        var exceptions: [UInt8: [UInt8]] = [:]
        var damaged = 0
        /// The next answer of this unit comes this many milliseconds late.
        var late: (unit: UInt8, milliseconds: Int64)?
        var requests: [UInt8: Int] = [:]
        var longest = 0
        /// Units that say that they have written, and have not.
        var forgetful: Set<UInt8> = []
        /// Addresses that a unit has; nil: all.
        var known: Set<UInt16>?
        /// The server hangs up on whoever reads from here.
        var hangsUpAt: UInt16?
        /// Over TCP: closes after each answer; what is sent in place of a frame.
        var hangsUpAlways = false
        var garble: (@Sendable ([UInt8]) -> [UInt8])?
        var isClosed = false
    }

    /// Where it listens on 127.0.0.1; 0 on a bus.
    public let port: Int
    let state = Monitor(State())

    /// A TCP server with these units.
    public init(units: [UInt8]) throws {
        guard let context = modbus_new_tcp("127.0.0.1", Int32(try LoopbackPort.free())) else {
            throw FileError.last("modbus_new_tcp", "127.0.0.1")
        }
        var listener = modbus_tcp_listen(context, 8)
        guard listener >= 0 else { throw FileError.last("modbus_tcp_listen", "127.0.0.1") }
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            _ = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listener, $0, &length) }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        fill(units)
        let bus = ModbusServerLoop(context: context, listener: listener, state: state)
        listener = -1
        try DedicatedThread.start(named: "modbus-slaves") { while bus.turn() {} }
    }

    /// A bus of slaves on the board's end of `pair`, which lives as long as this.
    public init(units: [UInt8], on pair: PtyPair) throws {
        port = 0
        fill(units)
        let state = state
        try DedicatedThread.start(named: "modbus-bus") {
            var bus = SerialSlaves(pair: pair, state: state)
            while bus.turn() {}
        }
    }

    deinit { close() }

    private func fill(_ units: [UInt8]) {
        state.withLock { state in
            for unit in units {
                for table in ModbusTable.allCases {
                    state.registers[unit, default: [:]][table] = Array(repeating: 0, count: 1_000)
                }
            }
        }
    }

    /// Stops answering and lets go of the port.
    public func close() { state.withLock { $0.isClosed = true } }

    /// Puts values into a unit's table from an address below 1000 on.
    public func set(_ unit: UInt8, _ table: ModbusTable, _ address: Int, _ values: [UInt16]) {
        state.withLock { state in
            for (index, value) in values.enumerated() { state.registers[unit]?[table]?[address + index] = value }
        }
    }

    /// What a unit holds.
    public func registers(_ unit: UInt8, _ table: ModbusTable, _ range: Range<Int>) -> [UInt16] {
        state.withLock { Array($0.registers[unit]?[table]?[range] ?? []) }
    }

    /// From now on these units say nothing.
    public func kill(_ units: Set<UInt8>) { state.withLock { $0.dead = units } }

    /// The unit answers its next requests with these exceptions.
    public func refuse(_ unit: UInt8, with exceptions: [UInt8]) { state.withLock { $0.exceptions[unit] = exceptions } }

    /// The next answers on the bus are damaged.
    public func damage(next count: Int) { state.withLock { $0.damaged = count } }

    /// The next answer of a unit on the bus comes this much later, or when it is asked something else meanwhile.
    public func delay(_ unit: UInt8, by time: Duration) {
        state.withLock {
            $0.late = (unit, time.components.seconds * 1_000 + time.components.attoseconds / 1_000_000_000_000_000)
        }
    }

    /// Whether the answer that comes late was asked for.
    public var isLate: Bool { state.withLock { $0.late == nil } }

    /// Requests that reach beyond these addresses are refused with exception 2.
    public func know(only addresses: Set<UInt16>) { state.withLock { $0.known = addresses } }

    /// From now on the server hangs up on whoever reads from this address.
    public func hangUp(at address: UInt16) { state.withLock { $0.hangsUpAt = address } }

    /// Over TCP: closes the connection after each answer.
    public func hangUpAlways() { state.withLock { $0.hangsUpAlways = true } }

    /// Over TCP: sends the answer to another question before each answer.
    public func sendStrays() {
        garble { bytes in
            var stray = bytes
            stray[0] ^= 0x40
            if stray.count > 9 { stray[stray.count - 1] ^= 0xFF }
            return stray + bytes
        }
    }

    /// Over TCP: sends in place of each answer what `change` makes of its frame.
    public func garble(_ change: @escaping @Sendable ([UInt8]) -> [UInt8]) { state.withLock { $0.garble = change } }

    /// From now on these units answer writes as they should, and keep what they had.
    public func forget(writesTo units: Set<UInt8>) { state.withLock { $0.forgetful = units } }

    /// Requests so far.
    public func requestCount(of unit: UInt8) -> Int { state.withLock { $0.requests[unit] ?? 0 } }

    /// The most registers that one request asked for.
    public var longestRead: Int { state.withLock { $0.longest } }
}

extension ModbusStandIn.State {
    /// What the slaves say to a request: nil for nothing.
    mutating func answer(_ unit: UInt8, _ request: ModbusPDU) -> [UInt8]? {
        requests[unit, default: 0] += 1
        guard !dead.contains(unit), let tables = registers[unit] else { return nil }
        if let exception = exceptions[unit]?.first {
            exceptions[unit]?.removeFirst()
            return [request.function | 0x80, exception]
        }
        switch request {
        case .readRequest(let function, let start, let count):
            longest = max(longest, Int(count))
            let table = ModbusTable.allCases.first { $0.readFunction == function }
            let range = Int(start)..<(Int(start) + Int(count))
            guard let table, let held = tables[table], range.upperBound <= held.count, knows(range) else {
                return [function | 0x80, 2]
            }
            let values = held[range]
            if table.isBits { return Self.bits(function, Array(values)) }
            return [function, UInt8(values.count * 2)] + values.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        case .writeSingle(let function, let address, let value):
            guard Int(address) < 1_000, knows(Int(address)..<(Int(address) + 1)) else { return [function | 0x80, 2] }
            if !forgetful.contains(unit) {
                let kept = function == 5 ? value >> 8 & 1 : value
                registers[unit]?[function == 5 ? .coil : .holding]?[Int(address)] = kept
            }
            return [function] + [address, value].flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        case .writeRegisters(let start, let values):
            guard Int(start) + values.count <= 1_000 else { return [0x90, 2] }
            for (index, value) in values.enumerated() where !forgetful.contains(unit) {
                registers[unit]?[.holding]?[Int(start) + index] = value
            }
            return [16] + [start, UInt16(values.count)].flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        default: return [request.function | 0x80, 1]
        }
    }

    private func knows(_ range: Range<Int>) -> Bool {
        guard let known else { return true }
        return range.allSatisfy { known.contains(UInt16($0)) }
    }

    private static func bits(_ function: UInt8, _ values: [UInt16]) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: (values.count + 7) / 8)
        for (index, value) in values.enumerated() where value != 0 { bytes[index / 8] |= 1 << UInt8(index % 8) }
        return [function, UInt8(bytes.count)] + bytes
    }
}
