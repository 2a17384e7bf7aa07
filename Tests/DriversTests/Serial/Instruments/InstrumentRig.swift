import Fleet
import GatewayModel
import GatewayTestKit
import Testing

@testable import Drivers

/// A conversation and a simulated instrument, joined by a cable that takes its time; nothing waits for real.
struct InstrumentRig<Talk: PortTalk> {
    var talk: Talk
    var firmware: any BoardFirmware
    let clock = VirtualClock()
    /// Bits a second of the cable, ten to a byte.
    var baud: Int
    var batch = ObservationBatch()
    var damages: [String] = []
    var ends: [(id: String, state: DeviceCommand.State, result: String)] = []
    /// Nobody answers while this is set.
    var isUnplugged = false
    /// What the cable was set to, in order.
    var speeds: [Int] = []
    /// When each of the questions went out.
    var asked: [Int64] = []
    private var pieces = SeededRandom(seed: 5)

    init(_ talk: Talk, _ firmware: any BoardFirmware, baud: Int = 115_200) {
        self.talk = talk
        self.firmware = firmware
        self.baud = baud
        self.firmware = firmware
        act(on: self.talk.opened(clock.now()))
    }

    static func device(_ name: String) throws -> DeviceName {
        try #require(DeviceID(name).flatMap { DeviceName($0) })
    }

    var now: Int64 { clock.now().monotonicMilliseconds }

    mutating func act(on outcomes: [PortOutcome]) {
        for outcome in outcomes {
            switch outcome {
            case .write(let bytes):
                asked.append(now)
                guard !isUnplugged else { continue }
                firmware.line(baud: baud)
                for piece in firmware.receive(bytes, uptime: .zero) { deliver(piece.bytes) }
            case .setBaud(let baud):
                self.baud = baud
                speeds.append(baud)
            case .damaged(let code, _): damages.append(code)
            case .command(let id, let state, let result): ends.append((id, state, result))
            default: break
            }
        }
    }

    /// In pieces of any size, each when the cable has brought it.
    mutating func deliver(_ bytes: [UInt8]) {
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + pieces.integer(in: 1...64))
            clock.advance(by: .milliseconds((end - start) * 10_000 / baud))
            let piece = Array(bytes[start..<end])
            let outcomes = piece.withUnsafeBytes { talk.received($0, at: clock.now(), into: &batch) }
            start = end
            act(on: outcomes)
        }
    }

    /// Lets time pass, and ticks whenever it is due.
    mutating func run(milliseconds: Int64) {
        let end = now + milliseconds
        while let due = talk.due, due <= end {
            clock.advance(by: .milliseconds(max(1, due - now)))
            act(on: talk.tick(clock.now(), into: &batch))
        }
        if now < end { clock.advance(by: .milliseconds(end - now)) }
    }

    mutating func submit(_ name: String, _ params: String = "{}") {
        let now = clock.now().wall
        let command = DeviceCommand(
            id: "c-\(ends.count)", device: talk.device.id, name: name, params: params, origin: "test", state: .queued,
            result: nil, created: now, expires: Timestamp(milliseconds: now.milliseconds + 60_000, trusted: true))
        act(on: talk.submit(command, at: clock.now()))
    }

    /// The readings of an observation by name.
    func values(_ index: Int) -> [String: Reading.Value] {
        Dictionary(batch.readings[batch.observations[index].readings].map { ($0.metric.text, $0.value) }) { $1 }
    }
}
