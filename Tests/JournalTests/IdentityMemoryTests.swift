import GatewayModel
import GatewayTestKit
import Testing

@testable import Journal

/// What intake remembers stays within 4 MiB, whatever is sent.
@Suite struct IdentityMemoryTests {
    private func devices(_ count: Int) throws -> [DeviceName] {
        try (0..<count).map { number in
            let id = try #require(DeviceID("memory-\(number)"))
            return try #require(DeviceName(id))
        }
    }

    @Test func fiftyThousandDevicesAreRememberedWithinFourMebibytes() throws {
        var memory = IntakeMemory(isComplete: true)
        let count = DeviceName.countMax
        // By their numbers: so many names would leave none for other tests.
        for number in 0..<count * 4 {
            memory.begin()
            memory.devices.update(at: number % count) { entry in
                entry.progress.take(UInt32(number / count * 3))
                for layout in 0...3 { entry.latest.note(Int64(number + 1), layout: UInt16(layout)) }
            }
            memory.add(UInt64(number) &* 0x9E37_79B9_7F4A_7C15 | 1)
            memory.commit()
        }
        #expect(memory.devices.knownCount == count)
        #expect(memory.ring.count > IdentityRing.countMax)
        // Two stretches of the past that are being compared with stand beside it.
        let stretches = 2 * 32_768 * MemoryLayout<UInt64>.stride
        #expect(memory.byteCount + stretches <= 4 << 20, "\(memory.byteCount) bytes and \(stretches)")
    }

    @Test func whatIsPackedComesBackAsItWas() throws {
        var random = SeededRandom(seed: 21)
        var table = DeviceTable()
        let names = try devices(200)
        var model: [DeviceName: DeviceTable.Entry] = [:]
        for step in 0..<5_000 {
            let isKept = random.chance(0.8)
            table.begin()
            var after = model
            for _ in 0..<random.integer(in: 1...4) {
                let name = names[random.integer(in: 0...199)]
                let kind = random.integer(in: 0...9)
                let value = UInt32(random.integer(in: 0...60))
                func change(_ entry: inout DeviceTable.Entry) {
                    entry.isKnown = true
                    switch kind {
                    case 0: entry.progress.beginBoot()
                    case 1: entry.progress.assigned &+= 1
                    case 2, 3: entry.progress.note(uptime: value)
                    case 4: entry.latest.note((1 << 40) + Int64(step) << 18, layout: UInt16(value % 9))
                    default: entry.progress.take(value)
                    }
                }
                table.update(name, change)
                change(&after[name, default: DeviceTable.Entry()])
            }
            if isKept { model = after } else { table.rollBack() }
        }
        for name in names {
            let (found, wanted) = (table[name], model[name] ?? DeviceTable.Entry())
            #expect(found.progress == wanted.progress && found.isKnown == wanted.isKnown)
            #expect(places(found.latest) == places(wanted.latest))
        }
        #expect(table.knownCount == model.count)
    }

    @Test func tooManyHolesGiveUpSomeAndForgetNoNumber() throws {
        var table = DeviceTable()
        let names = try devices(1_000)
        for name in names {
            table.update(name) { entry in
                for seq in 0..<UInt32(DeviceProgress.holeCountMax) { entry.progress.take(seq * 2) }
            }
        }
        let holes = names.reduce(0) { $0 + table[$1].progress.holes.count }
        #expect(holes <= DeviceTable.holeCountMax && holes > DeviceTable.holeCountMax - 1_000)
        for name in names {
            for seq in 0..<UInt32(DeviceProgress.holeCountMax) { #expect(table[name].progress.isSeen(seq * 2)) }
        }
    }

    private func places(_ latest: LatestRecords) -> [Int64] { latest.seqs.sorted() }
}
