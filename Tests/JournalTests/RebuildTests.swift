import GatewayModel
import GatewayTestKit
import Journal
import Testing

/// Messages of devices that lose, repeat, reorder and reboot, some of them without evidence.
private func messages(_ count: Int, seed: UInt64) -> [Message] {
    var random = SeededRandom(seed: seed)
    var next: [String: (seq: UInt32, uptime: Int64)] = [:]
    var sent: [Message] = []
    for index in 0..<count {
        let device = "board-\(random.integer(in: 0...5))"
        if random.chance(0.1), let again = sent.suffix(50).randomElement(using: &random) {
            sent.append(again)
            continue
        }
        var state = next[device] ?? (0, 1_000)
        if random.chance(0.01) { state = (UInt32(random.integer(in: 0...2)), 10) }
        if random.chance(0.05) { state.seq &+= UInt32(random.integer(in: 1...40)) }
        if random.chance(0.002) { state.seq = .max - 1 }
        state.seq &+= 1
        state.uptime += 500
        next[device] = state
        var message = Message(device: device, seq: state.seq, payload: UInt64(index + 1))
        switch device {
        case "board-0": message.seq = nil
        case "board-1": message.id = "message-\(index)"
        case "board-2", "board-3": message.uptime = state.uptime
        default: break
        }
        if random.chance(0.05), let seq = message.seq { message.seq = seq &- UInt32(random.integer(in: 0...30)) }
        message.isAnnounced = random.chance(0.003)
        message.source = random.chance(0.1) ? .serial : .mqtt
        sent.append(message)
    }
    return sent
}

@Test(arguments: [UInt64(1), 2, 3, 4])
func aKillChangesNothingOfWhatIsDecidedAfterwards(seed: UInt64) throws {
    let all = messages(6_000, seed: seed)
    let spared = try Site(segmentSize: 256 << 10)
    let killed = try Site(segmentSize: 256 << 10)
    for (round, start) in stride(from: 0, to: all.count, by: 150).enumerated() {
        let batch = Array(all[start..<min(start + 150, all.count)])
        #expect(try spared.append(batch).outcomes == killed.append(batch).outcomes)
        if round % 6 == Int(seed) { try killed.kill() }
    }
    #expect(try spared.records().map(\.flags) == killed.records().map(\.flags))
    #expect(try spared.records().map(\.deviceBoot) == killed.records().map(\.deviceBoot))
    #expect(try spared.records().map(\.upstreamSeq) == killed.records().map(\.upstreamSeq))
    try killed.restart()
    #expect(try spared.records(.events).map(\.body) == killed.records(.events).map(\.body))
    #expect(try spared.append(all).stored == killed.append(all).stored)
}
