import FieldProtocols
import GatewayModel

/// A decoder with everything it has said.
struct HeardBoard: ~Copyable {
    var decoder: BoardDecoder
    var batch = ObservationBatch()
    var events: [BoardEvent] = []

    static let device = DeviceID("board-1").flatMap { DeviceName($0) }

    init(generation: LineGeneration? = nil) { decoder = BoardDecoder(generation: generation) }

    mutating func hear(_ bytes: [UInt8], chunk: Int = .max) {
        guard let device = Self.device else { return }
        let now = ReceiveTime(wall: Timestamp(milliseconds: 1_767_225_600_000, trusted: true), monotonicMilliseconds: 5)
        var start = 0
        while start < bytes.count {
            let end = chunk < bytes.count - start ? start + chunk : bytes.count
            bytes[start..<end].withUnsafeBytes {
                events += decoder.receive($0, at: now, into: &batch, device: device)
            }
            start = end
        }
    }

    mutating func hear(_ line: String) { hear(Array((line + "\r\n").utf8)) }

    var observations: [Observation] { batch.observations }
    var notes: [Note] { batch.notes }
    var answers: [BoardAnswer] {
        events.compactMap { if case .answer(let answer) = $0 { answer } else { nil } }
    }
    var gaps: [SequenceGap] {
        events.compactMap { if case .sequenceGap(let gap) = $0 { gap } else { nil } }
    }

    func readings(_ index: Int) -> [Reading] { Array(batch.readings[batch.observations[index].readings]) }

    func value(_ metric: String, in index: Int) -> Reading.Value? {
        readings(index).first { $0.metric.text == metric }?.value
    }
}

/// Frames as a board would send them.
enum BoardFrames {
    static func frame(
        _ type: MDPMessageType, seq: UInt32, ack: UInt32 = 0, flags: MDPFlags = [], from source: MDPEndpoint = .sideA,
        _ payload: String
    ) -> [UInt8] {
        let header = MDPHeader(
            type: type, seq: seq, ack: ack, flags: flags, source: source, destination: .gateway)
        return MDPEncoder.encode(header, payload: Array(payload.utf8))
    }

    static func telemetry(_ seq: UInt32, uptime: Int) -> [UInt8] {
        frame(.telemetry, seq: seq, #"{"type":"telemetry","uptime_s":\#(uptime),"estop":false,"analog":{"ai1":1204}}"#)
    }
}
