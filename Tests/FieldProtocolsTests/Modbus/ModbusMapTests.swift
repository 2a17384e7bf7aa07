import FieldProtocols
import GatewayModel
import Testing

@Suite struct ModbusMaps {
    private func point(
        _ name: StaticString, _ address: UInt16, _ type: RegisterType, table: ModbusTable = .input,
        order: WordOrder = .big, count: Int? = nil, bit: Int = 0, group: Int = 0, scale: Double = 1,
        invalid: [Double] = [], valid: ClosedRange<Double>? = nil
    ) -> ModbusPoint {
        ModbusPoint(
            name: "\(name)", table: table, address: address, type: type, order: order,
            count: count ?? type.registerCount ?? 1, bit: bit, group: group,
            rule: FieldRule(
                MetricName(known: name), scale: scale, valid: valid, invalid: invalid,
                isText: type == .string))
    }

    private func map(_ points: [ModbusPoint], gapMax: Int = 4, registerCountMax: Int = 16) -> ModbusMap {
        let groups = [
            ModbusMap.Group(name: "", interval: .seconds(1)), ModbusMap.Group(name: "slow", interval: .seconds(60)),
        ]
        return ModbusMap(points: points, groups: groups, gapMax: gapMax, registerCountMax: registerCountMax)
    }

    @Test func neighboursComeInOneRequestUpToTheGapAndTheMost() {
        let map = map([
            point("m.a", 10, .u16), point("m.b", 0, .u32), point("m.c", 15, .u16), point("m.d", 20, .u32),
            point("m.e", 40, .u16), point("m.f", 12, .u16, table: .holding), point("m.g", 11, .u16, group: 1),
        ])
        let blocks = map.blocks(of: 0)
        #expect(
            blocks.map { "\($0.table) \($0.start)+\($0.count)" } == [
                "holding 12+1", "input 0+2", "input 10+12", "input 40+1",
            ])
        #expect(map.blocks(of: 1).map(\.points) == [[6]])
        #expect(map.singles(of: blocks[2]).map { "\($0.start)+\($0.count)" } == ["10+1", "15+1", "20+2"])
    }

    @Test func blocksNeverExceedWhatTheDeviceAllows() {
        let many = map((0..<40).map { point("m.many", UInt16($0), .u16) }, registerCountMax: 8)
        #expect(many.blocks(of: 0).map(\.count) == [8, 8, 8, 8, 8])
    }

    @Test func valuesAreWhatTheirTypeSays() throws {
        let map = map(
            [
                point("t.i16", 0, .i16, scale: 0.1), point("t.u16", 1, .u16, scale: 0.1),
                point("t.f32", 2, .f32, order: .wordSwap), point("t.bit", 4, .bit, bit: 3),
                point("t.text", 5, .string, order: .byteSwap, count: 2), point("t.bcd", 7, .bcd, count: 2),
                point("t.none", 9, .u16, invalid: [0x8000]), point("t.bad", 10, .u16, valid: 0...100),
            ], registerCountMax: 125)
        let block = try #require(map.blocks(of: 0).first)
        var batch = ObservationBatch()
        map.append(
            [0xFF33, 546, 0xA5E3, 0x41BB, 0b1000, 0x4241, 0x0043, 0x1234, 0x5678, 0x8000, 101], of: block, to: &batch)
        let values = batch.readings.map { "\($0.metric)=\($0.value) \($0.quality)" }
        #expect(values[0] == "t.i16=number(-20.5) ok")
        #expect(values[1] == "t.u16=number(54.6) ok")
        #expect(values[2].hasPrefix("t.f32=number(23.45"))
        #expect(
            values[3...]
                == [
                    "t.bit=flag(true) ok", "t.text=text(\"ABC\") ok", "t.bcd=number(12345678.0) ok",
                    "t.bad=number(101.0) bad",
                ][...])
        batch.removeAll()
        map.append([1], of: block, to: &batch)
        #expect(batch.readings.count == 1, "what was not read gives no reading")
    }

    @Test func labelsOfManualsAreTranslated() {
        let cases: [(Int, ModbusTable, UInt16)] = [
            (40_001, .holding, 0), (40_108, .holding, 107), (30_004, .input, 3), (10_001, .discrete, 0),
            (400_001, .holding, 0), (465_536, .holding, 65_535), (300_100, .input, 99),
        ]
        for (label, table, address) in cases {
            let translated = ModbusTable.translate(label: label)
            #expect(translated?.table == table && translated?.address == address, "\(label)")
        }
        for label in [.min, -1, 0, 9_999, 20_001, 40_000, 50_001, 465_537, .max] {
            #expect(ModbusTable.translate(label: label) == nil, "\(label)")
        }
    }

    @Test func wideValuesKeepTheirOrder() {
        let bits: UInt64 = 0x0102_0304_0506_0708
        for order in WordOrder.allCases {
            #expect(order.bits(order.registers(bits, count: 4)) == bits)
        }
        #expect(WordOrder.wordSwap.registers(bits, count: 4) == [0x0708, 0x0506, 0x0304, 0x0102])
        #expect(WordOrder.byteSwap.registers(bits, count: 4) == [0x0201, 0x0403, 0x0605, 0x0807])
        #expect(RegisterType.u16.registers(for: 70_000, order: .big) == nil)
        #expect(RegisterType.i16.registers(for: -10, order: .big) == [65_526])
    }
}
