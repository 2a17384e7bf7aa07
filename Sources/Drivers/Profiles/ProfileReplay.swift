internal import Crypto
public import FieldProtocols
internal import GatewayModel
internal import JSONText

/// Runs captures of a device through its profile.
public enum ProfileReplay {
    /// What is wrong with a capture itself.
    public struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
        public var capture: String
        public var line: Int
        public var message: String

        public var description: String { "captures/\(capture):\(line): \(message)" }
    }

    /// The observations that `profile` makes of one capture, in their order.
    public static func observations(
        of bytes: [UInt8], capture: String, by profile: Profile
    ) throws(Failure) -> [ReplayedObservation] {
        switch profile.kind {
        case .lines(let codec): lines(bytes, capture, codec)
        case .binary(let frame, let codec): try frames(bytes, capture, frame, codec)
        case .modbus(let map): try exchanges(bytes, capture, map)
        case .mqtt(let rules): try messages(bytes, capture, rules)
        case .lorawan(let codecs): try uplinks(bytes, capture, codecs)
        }
    }

    private static func lines(_ bytes: [UInt8], _ capture: String, _ codec: LineCodec) -> [ReplayedObservation] {
        var reader = LineReader(codec)
        var observations: [ReplayedObservation] = []
        for line in bytes.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
            var batch = ObservationBatch()
            line.withUnsafeBytes { _ = reader.read($0, into: &batch) }
            if !batch.readings.isEmpty { observations.append(.init(capture: capture, readings: batch.readings)) }
        }
        return observations
    }

    private static func frames(
        _ bytes: [UInt8], _ capture: String, _ frame: FrameCodec, _ codec: PayloadCodec
    ) throws(Failure) -> [ReplayedObservation] {
        var stream: [UInt8] = []
        for (number, text) in numbered(bytes) { stream += try hex(text, capture, number) }
        var reader = FrameReader(frame)
        var payloads = PayloadReader(codec)
        var observations: [ReplayedObservation] = []
        stream.withUnsafeBytes { stream in
            reader.read(stream) { frame in
                var batch = ObservationBatch()
                // A frame that gives nothing is noise here as on the wire.
                _ = try? payloads.read(frame, into: &batch)
                if !batch.readings.isEmpty { observations.append(.init(capture: capture, readings: batch.readings)) }
            }
        }
        return observations
    }

    /// `> HEX` is what the master asked, `< HEX` what the slave said; RTU frames with their checksums.
    private static func exchanges(
        _ bytes: [UInt8], _ capture: String, _ map: ModbusMap
    ) throws(Failure) -> [ReplayedObservation] {
        var observations: [ReplayedObservation] = []
        var wire = ModbusCapture()
        var asked: ModbusPDU?
        for (number, text) in numbered(bytes) {
            guard let mark = text.first, mark == ">" || mark == "<" else {
                throw Failure(capture: capture, line: number, message: "accepted `> HEX` and `< HEX`")
            }
            let frame = try hex(String(text.dropFirst()), capture, number)
            let step = frame.withUnsafeBytes { wire.nextRTU($0) }
            guard case .success(let read) = step.frame else {
                throw Failure(capture: capture, line: number, message: "no Modbus RTU frame: \(step.frame)")
            }
            if mark == ">" {
                asked = read.pdu
                continue
            }
            var batch = ObservationBatch()
            if let asked, let block = map.block(of: asked), let registers = read.pdu.registers {
                map.append(registers, of: block, to: &batch)
            }
            if !batch.readings.isEmpty { observations.append(.init(capture: capture, readings: batch.readings)) }
        }
        return observations
    }

    /// Lines of `{"topic":…,"payload":"text"}`, `"json":{…}` or `"hex":"…"`.
    private static func messages(
        _ bytes: [UInt8], _ capture: String, _ rules: [Profile.TopicRule]
    ) throws(Failure) -> [ReplayedObservation] {
        var readers = rules.map { PayloadReader($0.codec) }
        var observations: [ReplayedObservation] = []
        for (number, text) in numbered(bytes) {
            // What is no JSON is told like what is another shape.
            guard let json = try? JSON(parsing: text), let topic = json["topic"]?.string,
                let payload = payload(of: json)
            else { throw Failure(capture: capture, line: number, message: "accepted {\"topic\":…,\"payload\":…}") }
            for (index, rule) in rules.enumerated() {
                guard let device = rule.device(in: topic) else { continue }
                var batch = ObservationBatch()
                // What a rule cannot read is tried by the next.
                _ = try? readers[index].read(payload, into: &batch)
                guard !batch.readings.isEmpty else { continue }
                observations.append(.init(capture: capture, device: device, readings: batch.readings))
                break
            }
        }
        return observations
    }

    private static func payload(of json: JSON) -> [UInt8]? {
        if let text = json["payload"]?.string { return Array(text.utf8) }
        if let hex = json["hex"]?.string { return Hex.decode(hex) }
        return json["json"].map(\.bytes)
    }

    /// Lines of `PORT HEX`.
    private static func uplinks(
        _ bytes: [UInt8], _ capture: String, _ codecs: PortCodecs
    ) throws(Failure) -> [ReplayedObservation] {
        var reader = PortReader(codecs)
        var observations: [ReplayedObservation] = []
        for (number, text) in numbered(bytes) {
            let parts = text.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, let port = UInt8(parts[0]) else {
                throw Failure(capture: capture, line: number, message: "accepted `PORT HEX`")
            }
            let payload = try hex(String(parts[1]), capture, number)
            var batch = ObservationBatch()
            do throws(ProfileError) {
                _ = try reader.read(payload, port: port, into: &batch)
            } catch {
                throw Failure(capture: capture, line: number, message: error.code)
            }
            observations.append(.init(capture: capture, readings: batch.readings))
        }
        return observations
    }

    /// The lines that say something: no comments, no blanks.
    private static func numbered(_ bytes: [UInt8]) -> [(Int, String)] {
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        return lines.enumerated().compactMap { index, line in
            let text = String(decoding: line.filter { $0 != 0x0D }, as: UTF8.self)
            return text.isEmpty || text.hasPrefix("#") || text.allSatisfy { $0 == " " } ? nil : (index + 1, text)
        }
    }

    private static func hex(_ text: String, _ capture: String, _ line: Int) throws(Failure) -> [UInt8] {
        guard let bytes = Hex.decode(text.filter { $0 != " " }) else {
            throw Failure(capture: capture, line: line, message: "accepted an even number of hex digits")
        }
        return bytes
    }
}
