import FieldProtocols
import GatewayModel
import GatewayTestKit

extension FuzzTarget {
    /// The parsers of serial boards.
    static let boards = [
        FuzzTarget(name: "mdp", seeds: { frames }) {
            var stream = MDPStream()
            return { bytes in
                var input = bytes
                while stream.next(&input) != nil {}
            }
        },
        FuzzTarget(name: "lines", seeds: { sessions }) {
            var classifier = LineClassifier()
            var batch = ObservationBatch()
            return { bytes in
                var splitter = LineSplitter()
                var input = bytes
                while let line = splitter.next(&input) {
                    line.bytes.withUnsafeBytes {
                        let classified = classifier.classify($0, isWhole: line.isWhole)
                        LineReadings.append(classified, text: $0, generation: nil, to: &batch)
                    }
                    batch.removeAll()
                }
            }
        },
        // Everything a port may carry, with the session that asks and is answered.
        FuzzTarget(name: "board", seeds: { frames + sessions }) { BoardConversation().take },
        // Payloads that are damaged inside good frames: a checksum hides them from the other targets.
        FuzzTarget(name: "mdp-payload", seeds: { payloads }) {
            let conversation = BoardConversation()
            var seq: UInt32 = 0
            return { bytes in
                guard let kind = bytes.first, bytes.count < 1_000 else { return }
                seq &+= 1
                let header = MDPHeader(
                    type: MDPMessageType(rawValue: kind), seq: seq, flags: MDPFlags(rawValue: UInt8(seq & 3)),
                    source: seq & 1 == 0 ? .sideA : .sideB, destination: .gateway)
                MDPEncoder.encode(header, payload: Array(bytes.dropFirst())).withUnsafeBytes(conversation.take)
            }
        },
    ]

    /// What boards of all generations say at boot, while measuring and as answers.
    private static var sessions: [[UInt8]] {
        var firmwares: [any BoardFirmware] = [LineBoard(.g2), LineBoard(.g3)]
        firmwares += TextBoard.Generation.allCases.map { TextBoard($0) }
        return firmwares.flatMap { said(by: $0) }
    }

    private static var frames: [[UInt8]] { said(by: MDPBoard()) + said(by: BinaryBoard()) }

    private static func said(by firmware: any BoardFirmware) -> [[UInt8]] {
        var firmware = firmware
        let questions = ["status", #"{"cmd":"status","id":"c-1"}"#, "nonsense", "scan"]
        var output = firmware.boot()
        for second in 1...4 { output += firmware.measure(uptime: .seconds(second)) }
        for question in questions { output += firmware.receive(Array((question + "\n").utf8), uptime: .seconds(9)) }
        return output.map(\.bytes).filter { !$0.isEmpty }
    }

    /// A message type and a payload of it.
    private static var payloads: [[UInt8]] {
        var random = SeededRandom(seed: 7)
        let json = [
            #"{"type":"telemetry","uptime_s":9,"estop":false,"analog":{"ai1":4095},"bme688":{"a":{"temperature_c":21.5,"variant_id":2}}}"#,
            #"{"hdr":{"deviceId":"mycobrain-side-a"},"pack":[{"id":"ai1_v","v":0.5,"u":"V"}]},"hash":"sha256:00","sig":"AA=="}"#,
            #"{"success":true,"message":"telemetry_sent"}"#, #"{"event":"estop_activated"}"#,
            #"{"payload":{"bioelectric":{"amplitude_uv":0.74},"status":{"uptime_ms":5}}}"#,
        ]
        var payloads: [[UInt8]] = []
        for text in json {
            for type in [1, 3, 5, 6] as [UInt8] { payloads.append([type] + Array(text.utf8)) }
        }
        let sizes: [(type: UInt8, count: Int)] = [(1, 188), (2, 8), (5, 8), (7, 570), (8, 102), (9, 74)]
        for (type, count) in sizes { payloads.append([type] + random.bytes(count)) }
        return payloads
    }
}

/// A decoder and a session that talk, kept between inputs as on a port.
private final class BoardConversation {
    private var decoder = BoardDecoder()
    private var session = BoardSession()
    private var batch = ObservationBatch()
    private var now: Int64 = 0
    private let device = DeviceID("board-1").flatMap { DeviceName($0) }

    func take(_ bytes: UnsafeRawBufferPointer) {
        guard let device else { return }
        now += 10
        let received = ReceiveTime(
            wall: Timestamp(milliseconds: 1_767_225_600_000 + now, trusted: true), monotonicMilliseconds: now)
        for event in decoder.receive(bytes, at: received, into: &batch, device: device) {
            if case .answer(let answer) = event { session.receive(answer, now: now) }
        }
        if now % 1_000 == 0 { session.submit(BoardCommand(id: "c-\(now)", name: "read_sensors")) }
        var output: [UInt8] = []
        _ = session.advance(now: now, generation: decoder.generation, traits: decoder.traits, into: &output)
        batch.removeAll()
    }
}
