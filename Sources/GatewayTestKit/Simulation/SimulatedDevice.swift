/// A device that publishes messages which nobody else publishes.
struct SimulatedDevice {
    enum Kind: Int, CaseIterable {
        /// Neither names nor numbers its messages.
        case plain
        /// Counts its messages; some arrive late or twice.
        case numbered
        /// Gives each message an id and sends it again until it is confirmed end to end.
        case careful
    }

    let name: String
    let kind: Kind
    let interval: Int64
    private var seq: UInt32 = 0
    private var startedAt: Int64 = 0
    /// Messages of a careful device that are not confirmed.
    var unconfirmed: [Int] = []

    init(_ index: Int, _ kind: Kind, interval: Int64) {
        name = "simulated-\(index)"
        self.kind = kind
        self.interval = interval
    }

    mutating func reboot(at time: Int64) {
        seq = 0
        startedAt = time
    }

    /// The next message; `number` is what it says.
    mutating func message(_ number: Int, at time: Int64) -> SimulatedMessage {
        seq += 1
        var head = ""
        var id: String?
        switch kind {
        case .plain: break
        case .numbered: head = #""seq":\#(seq),"uptime_ms":\#(time - startedAt),"#
        case .careful:
            id = "message-\(number)"
            head = #""seq":\#(seq),"msgId":"message-\#(number)","#
        }
        let text = String(repeating: "0123456789abcdef", count: 4 + number % 16)
        let payload =
            #"{\#(head)"pack":[{"id":"simulated.number","v":\#(number),"u":"1"},{"id":"simulated.text","v":"\#(text)"}]}"#
        return SimulatedMessage(
            number: number, device: name, kind: kind, seq: kind == .plain ? nil : seq, id: id,
            payload: Array(payload.utf8))
    }
}

/// A message as its device published it.
struct SimulatedMessage {
    var number: Int
    var device: String
    var kind: SimulatedDevice.Kind
    var seq: UInt32?
    var id: String?
    var payload: [UInt8]

    var topic: String { "mycobrain/\(device)/telemetry" }
}
