internal import FieldProtocols
internal import GatewayModel
internal import YAMLText

extension ProfileDocument {
    static func modbus(_ section: YAMLSection, _ unit: inout UInt8) -> ModbusMap {
        unit = UInt8(clamping: section.integer("unit", in: 0...255, default: 1))
        let interval = section.duration("interval", in: intervals, default: .seconds(10))
        var groups = [ModbusMap.Group(name: "", interval: interval)]
        section.section("groups") { section in
            for name in section.keys.prefix(16) {
                let own = section.duration(name, in: intervals, default: interval)
                groups.append(ModbusMap.Group(name: name, interval: own))
            }
        }
        let order = section.choice("order", default: WordOrder.big)
        let points = section.sections("points", countMax: 2_000) { point($0, groups, order) }
        if points.isEmpty { section.missing("points", accepted: "a list of at least one point") }
        return ModbusMap(
            points: points.compactMap { $0 }, groups: groups,
            gapMax: section.integer("gap_max", in: 0...120, default: 8),
            registerCountMax: section.integer("registers_max", in: 1...125, default: 125))
    }

    private static let intervals: ClosedRange<Duration> = .milliseconds(100)...(.seconds(86_400))

    private static func point(
        _ section: YAMLSection, _ groups: [ModbusMap.Group], _ order: WordOrder
    ) -> ModbusPoint? {
        let name = section.requiredText("name", length: 1...64)
        let names = RegisterType.allCases.map(\.rawValue).joined(separator: ", ")
        let type = section.requiredValue("type", accepted: names) { $0.text.flatMap { RegisterType(name: $0) } }
        let place = place(section)
        let count = count(section, type)
        let isRead = section.flag("read", default: true)
        let group = section.value("group", accepted: groups.map { "`\($0.name)`" }.joined(separator: ", ")) { node in
            node.text.flatMap { text in groups.firstIndex { $0.name == text } }
        }
        let writable = range(section, "writable")
        let bit = section.integer("bit", in: 0...15, default: 0)
        let own = section.choice("order", of: WordOrder.self) ?? order
        let isText = type == .string
        let rule = rule(section, isText: isText)
        guard let type, let place else { return nil }
        if place.table.isBits, type != .bool { section.reject("type", .conflict, "coils and discrete inputs are bool") }
        if writable != nil, !(place.table == .holding || place.table == .coil) {
            section.reject("writable", .conflict, "only holding registers and coils can be written")
        }
        guard Int(place.address) + count <= 65_536 else {
            section.reject("address", .outOfRange, "the value ends beyond 65535")
            return nil
        }
        return ModbusPoint(
            name: name, table: place.table, address: place.address, type: type, order: own, count: count, bit: bit,
            group: isRead ? group ?? 0 : nil, rule: rule, writable: writable)
    }

    /// A table and an address from 0, or a label such as 40001.
    private static func place(_ section: YAMLSection) -> (table: ModbusTable, address: UInt16)? {
        let table = section.choice("table", of: ModbusTable.self)
        let accepted =
            "with `table`: the address on the wire, 0…65535; without: a label such as 40001 (holding 0) or 30004 (input 3)"
        return section.requiredValue("address", accepted: accepted) { node in
            guard let number = number(node), let address = Int(exactly: number) else { return nil }
            guard let table else { return ModbusTable.translate(label: address) }
            return UInt16(exactly: address).map { (table, $0) }
        }
    }

    private static func count(_ section: YAMLSection, _ type: RegisterType?) -> Int {
        if let fixed = type?.registerCount { return fixed }
        let most = type == .bcd ? 4 : 32
        return section.integer("length", in: 1...most, default: type == .bcd ? 1 : 8)
    }
}
