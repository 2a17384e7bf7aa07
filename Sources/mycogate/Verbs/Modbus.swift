import CLinux
import Drivers
import FieldProtocols
import GatewayModel
import Glibc
import JSONText
import ModbusClient
import Serial

extension Verb {
    static let modbus = Verb(
        name: "modbus", synopsis: "probe PORT|HOST[:PORT] --unit N [--table T] [--address N] [--count N]",
        summary: "Reads registers of a slave and shows them in every word order.",
        details:
            "On a serial port the daemon must not have it: a bus has one master. Every pair of registers is shown as "
            + "f32, i32 and u32 in the orders ABCD, CDAB, BADC and DCBA: the one that makes sense is the right one.",
        options: [
            .json, .init(name: "unit", value: "N", help: "the slave's address, 0…255 (default 1)"),
            .init(name: "table", value: "T", help: "coil, discrete, input or holding (default holding)"),
            .init(name: "address", value: "N", help: "from 0 as on the wire, or a label such as 40001 without --table"),
            .init(name: "count", value: "N", help: "registers, 1…125 (default 2)"),
            .init(name: "baud", value: "N", help: "of a serial port (default 9600)"),
            .init(name: "parity", value: "P", help: "of a serial port: none, even, odd (default none)"),
            .init(name: "stop-bits", value: "N", help: "of a serial port: 1 or 2 (default 1)"),
            .init(name: "timeout", value: "TIME", help: "how long to wait (default 1s)"),
        ], words: 2...2
    ) { arguments in
        guard arguments.words[0] == "probe" else {
            throw ToolError.usage("`\(arguments.words[0])`: accepted probe")
        }
        let (table, address) = try place(arguments)
        let count = try arguments.integer("count", in: 1...125) ?? 2
        let unit = UInt8(clamping: try arguments.integer("unit", in: 0...255) ?? 1)
        do throws(ModbusClientError) {
            let (bus, port) = try open(arguments)
            bus.setTimeout((try? arguments.duration("timeout")) ?? .seconds(1))  // checked by `open`
            let registers = try bus.read(function: table.readFunction, unit: unit, start: address, count: count)
            withExtendedLifetime(port) {}
            show(registers, table, address, arguments)
            return .ok
        } catch {
            throw ToolError.failed("unit \(unit), \(table.rawValue) \(address): \(error)")
        }
    }

    private static func place(_ arguments: Arguments) throws(ToolError) -> (ModbusTable, UInt16) {
        let address = try arguments.integer("address", in: 0...465_536) ?? 0
        guard let name = arguments["table"] else {
            if let translated = ModbusTable.translate(label: address) { return translated }
            guard let plain = UInt16(exactly: address) else { throw .usage("--address \(address): accepted 0…65535") }
            return (.holding, plain)
        }
        guard let table = ModbusTable(rawValue: name) else {
            throw .usage("--table `\(name)`: accepted \(ModbusTable.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        guard let plain = UInt16(exactly: address) else { throw .usage("--address \(address): accepted 0…65535") }
        return (table, plain)
    }

    private static func open(_ arguments: Arguments) throws(ModbusClientError) -> (ModbusConnection, SerialPort?) {
        let place = arguments.words[1]
        guard place.hasPrefix("/") else {
            let parts = place.split(separator: ":")
            guard let host = parts.first, parts.count <= 2, let port = parts.count == 2 ? Int(parts[1]) : 502 else {
                throw .invalid("`\(place)`: accepted the path of a port, or HOST[:PORT]")
            }
            return (try ModbusConnection(host: String(host), port: port), nil)
        }
        guard let baud = Int(arguments["baud"] ?? "9600"), LineSettings.isStandard(baud: baud),
            let parity = LineSettings.Parity(rawValue: arguments["parity"] ?? "none"),
            let stopBits = LineSettings.StopBits(rawValue: arguments["stop-bits"] ?? "1")
        else { throw .invalid("the line: accepted a standard speed, none, even or odd, and 1 or 2 stop bits") }
        let port: SerialPort
        do throws(SerialError) {
            port = try SerialPort(
                opening: place, settings: LineSettings(baud: baud, parity: parity, stopBits: stopBits))
        } catch {
            throw .invalid(error.description)
        }
        return (try ModbusConnection(descriptor: port.fileDescriptor, baud: baud), port)
    }

    private static func show(_ registers: [UInt16], _ table: ModbusTable, _ address: UInt16, _ arguments: Arguments) {
        if table.isBits {
            for (index, bit) in registers.enumerated() {
                Output.line("\(table.rawValue) \(Int(address) + index): \(bit)")
            }
            return
        }
        if arguments.has("json") {
            let list = registers.indices.map { index -> JSON in
                var members: [JSON.Member] = [
                    .init(key: "table", value: .string(table.rawValue)),
                    .init(key: "address", value: .integer(Int64(address) + Int64(index))),
                    .init(key: "value", value: .integer(Int64(registers[index]))),
                ]
                if index + 1 < registers.count {
                    let orders = WordOrderReadings.of(Array(registers[index...(index + 1)])).map { reading in
                        JSON.Member(
                            key: reading.order.rawValue,
                            value: [
                                // The shortest text of the float itself, not of the double that holds it.
                                "f32": reading.float.flatMap { Double("\($0)") }.map { .number($0) } ?? .null,
                                "i32": .integer(Int64(reading.signed)), "u32": .integer(Int64(reading.unsigned)),
                            ])
                    }
                    members.append(.init(key: "orders", value: .object(orders)))
                }
                return .object(members)
            }
            for entry in list { Output.line(entry.text) }
            return
        }
        Output.table(
            ["register", "hex", "u16", "i16"],
            registers.enumerated().map { index, register in
                let hex = String(register, radix: 16, uppercase: true)
                return [
                    "\(table.rawValue) \(Int(address) + index)",
                    "0x" + String(repeating: "0", count: 4 - hex.count) + hex,
                    "\(register)", "\(Int16(bitPattern: register))",
                ]
            })
        for index in registers.indices.dropLast() {
            Output.line("")
            Output.table(
                ["\(table.rawValue) \(Int(address) + index) and next", "f32", "i32", "u32"],
                WordOrderReadings.of(Array(registers[index...(index + 1)])).map { reading in
                    [
                        reading.order.rawValue, reading.float.map { "\($0)" } ?? "-", "\(reading.signed)",
                        "\(reading.unsigned)",
                    ]
                })
        }
    }
}
