internal import FieldProtocols
internal import GatewayModel
internal import JSONText
internal import ModbusClient

/// Commands that write: only points that the site allows, only within the range of the map, and read back afterwards.
extension ModbusBusLoop {
    func serveCommands(of index: Int) throws {
        let device = devices[index]
        for command in bus.outlets.commands.waiting(device.id) {
            guard bus.outlets.commands.report(command.id, .sent, nil) else { continue }
            do throws(WriteRefusal) {
                let result = try perform(command, device)
                _ = bus.outlets.commands.report(command.id, .acknowledged, result)
            } catch {
                _ = bus.outlets.commands.report(command.id, .refused, error.description)
            }
        }
    }

    private func perform(_ command: DeviceCommand, _ device: ModbusDevice) throws(WriteRefusal) -> String {
        guard command.name == "write" else { throw .unknownCommand(command.name) }
        // Params that are no JSON have no members either.
        let params = try? JSON(parsing: command.params)
        guard let name = params?["point"]?.string else { throw .missing("point") }
        guard let index = device.map.points.firstIndex(where: { $0.name == name }) else { throw .unknownPoint(name) }
        let point = device.map.points[index]
        guard device.writes.contains(name) else { throw .notAllowed(name) }
        guard let range = point.writable else { throw .notWritable(name) }
        guard let value = params?["value"]?.double ?? params?["value"]?.bool.map({ $0 ? 1 : 0 }) else {
            if let text = params?["value"]?.string { throw .noNumber(text) }
            throw .missing("value")
        }
        guard range.contains(value) else { throw .outOfRange(value, range) }
        let raw = point.rule.raw(value)
        guard let registers = point.type.registers(for: raw, order: point.order) else { throw .doesNotFit(value) }
        let block = ReadBlock(table: point.table, start: point.address, count: point.count, points: [index])
        let before = try attempt { () throws(ModbusClientError) in try read(block, of: device, timeout: timeout) }
        var failure: WriteRefusal?
        do throws(WriteRefusal) {
            try attempt { () throws(ModbusClientError) in try write(registers, point, device) }
            let after = try attempt { () throws(ModbusClientError) in try read(block, of: device, timeout: timeout) }
            if after != registers { failure = .readBack(after) }
        } catch {
            failure = error
        }
        audit(command, device, point, value: value, before: before, failure: failure)
        if let failure { throw failure }
        // As the register holds it: a scale may have rounded it.
        var stored = ObservationBatch()
        device.map.append(registers, of: block, to: &stored)
        var held = value
        if case .number(let number)? = stored.readings.first?.value { held = number }
        return (["point": .string(name), "value": .number(held)] as JSON).text
    }

    private var timeout: Int64 { bus.configuration.timeout.milliseconds }

    private func attempt<R>(_ body: () throws(ModbusClientError) -> R) throws(WriteRefusal) -> R {
        do throws(ModbusClientError) { return try body() } catch { throw .bus(error) }
    }

    /// Never repeated: a slave that did not answer may have done it.
    private func write(
        _ registers: [UInt16], _ point: ModbusPoint, _ device: ModbusDevice
    ) throws(ModbusClientError) {
        try ask(device.unit) { (connection) throws(ModbusClientError) in
            if point.table == .coil {
                try connection.write(coil: registers[0] != 0, unit: device.unit, at: point.address)
            } else {
                try connection.write(registers, unit: device.unit, start: point.address)
            }
        }
    }

    private func audit(
        _ command: DeviceCommand, _ device: ModbusDevice, _ point: ModbusPoint, value: Double, before: [UInt16],
        failure: WriteRefusal?
    ) {
        let body: JSON = [
            "command": .string(command.id), "origin": .string(command.origin), "unit": .integer(Int64(device.unit)),
            "point": .string(point.name), "address": .integer(Int64(point.address)), "value": .number(value),
            "before": .array(before.map { .integer(Int64($0)) }),
            "outcome": .string(failure?.code ?? "read_back"),
        ]
        batch.append(
            Note(.audit, kind: "modbus_write", device: device.id, body: body.text, received: bus.clock.now()))
    }
}

/// Why a write was not done, or is not known to have been.
enum WriteRefusal: Error, CustomStringConvertible {
    case unknownCommand(String)
    case missing(String)
    case unknownPoint(String)
    case notAllowed(String)
    case notWritable(String)
    case noNumber(String)
    case outOfRange(Double, ClosedRange<Double>)
    case doesNotFit(Double)
    case readBack([UInt16])
    case bus(ModbusClientError)

    var code: String {
        switch self {
        case .unknownCommand: "unknown_command"
        case .missing: "missing_param"
        case .unknownPoint: "unknown_point"
        case .notAllowed: "writes_off"
        case .notWritable: "not_writable"
        case .noNumber: "not_a_number"
        case .outOfRange: "out_of_range"
        case .doesNotFit: "does_not_fit"
        case .readBack: "read_back_differs"
        case .bus(let error): error.code
        }
    }

    var description: String {
        switch self {
        case .unknownCommand(let name): "`\(name)`: accepted `write` with point and value"
        case .missing(let key): "`\(key)` is missing"
        case .unknownPoint(let name): "the register map has no point `\(name.prefix(64))`"
        case .notAllowed(let name): "writes are off: name `\(name)` in the device's `writes` to allow it"
        case .notWritable(let name): "the register map does not let `\(name)` be written"
        case .noNumber(let text): "value: `\(text.prefix(64))`, accepted a number"
        case .outOfRange(let value, let range): "\(value): accepted \(range.lowerBound)…\(range.upperBound)"
        case .doesNotFit(let value): "\(value) does not fit the register"
        case .readBack(let registers): "written, but read back as \(registers.map(String.init).joined(separator: " "))"
        case .bus(let error): error.description
        }
    }
}
