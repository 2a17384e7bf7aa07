internal import Crypto
internal import GatewayModel
internal import JSONText

extension BoardDecoder {
    /// The number a board gives to its first frame after a boot.
    private static let firstSeq: UInt32 = 1

    mutating func receive(
        _ frame: MDPFrame, _ origin: Origin, into batch: inout ObservationBatch, _ events: inout [BoardEvent]
    ) {
        // A board that echoes what we send says nothing.
        guard frame.header.source != .gateway else { return }
        let payload = MDPPayload(frame, parser: parser)
        learn(from: frame, payload)
        if isBootHello(frame.header) { boots.announceBoot() }
        let uptime = frame.header.type == .telemetry ? Self.uptime(payload) : nil
        follow(frame.header.seq, source: frame.header.source, first: Self.firstSeq, uptime: uptime, &events)
        if frame.header.flags.contains(.ackRequested) {
            let isAnswer = frame.header.type == .ack
            events.append(
                .acknowledgementWanted(
                    seq: frame.header.seq, source: frame.header.source, isAnswer: isAnswer,
                    arrived: traits.speaksBinary ? frame.header.ack : nil))
        }
        if case .failure(let error) = payload {
            reject(error, byteCount: frame.body.count, &events)
            return keep(frame, reason: error.code, origin, into: &batch)
        }
        switch frame.header.type {
        case .telemetry: telemetry(frame, payload, uptime: uptime, origin, into: &batch, &events)
        case .ack: acknowledgement(frame, payload, &events)
        case .event: event(frame, payload, origin, into: &batch, &events)
        case .hello: greeting(frame, payload, origin, into: &batch, &events)
        case .wifiSense, .droneTelemetry, .droneMissionStatus:
            telemetry(frame, payload, uptime: nil, origin, into: &batch, &events)
        default: keep(frame, reason: "unknown_type", origin, into: &batch)
        }
    }

    /// Which of the two generations speaks in frames, and which build of the binary one.
    private mutating func learn(from frame: MDPFrame, _ payload: MDPPayload) {
        var isBinary: Bool?
        switch payload {
        case .empty: isBinary = frame.header.type == .ack ? true : nil
        case .packed(.wifiSense): traits.build = .wifiSense
        case .packed(.droneTelemetry), .packed(.droneMissionStatus): traits.build = .drone
        case .packed: isBinary = true
        case .json(let value, _) where value["pack"] != nil:
            isBinary = true
            if value["hdr"]?["deviceId"]?.string == "mycobrain-side-a" { traits.build = .sideA }
        case .json(let value, _) where value.isObject: isBinary = false
        default: break
        }
        if let isBinary { traits.speaksBinary = isBinary }
        classifier.sawFrame(isBinary: traits.speaksBinary)
    }

    /// HELLO comes once after a boot, unasked; asked for, it names the command.
    private func isBootHello(_ header: MDPHeader) -> Bool {
        guard header.type == .hello, header.ack == 0 else { return false }
        guard let last = boots.lastSeq(of: header.source) else { return true }
        return header.seq == Self.firstSeq || header.seq <= last
    }

    private static func uptime(_ payload: MDPPayload) -> Int64? {
        switch payload {
        case .json(let value, _):
            if let milliseconds = value["ts"]?["mono_ms"]?.int64 { return milliseconds }
            return value["uptime_s"]?.double.flatMap { Int64(exactly: ($0 * 1000).rounded()) }
                ?? FCIReadings.uptime(value)
        case .packed(.telemetryV1(let telemetry)): return Int64(telemetry.uptimeMilliseconds)
        default: return nil
        }
    }

    private mutating func telemetry(
        _ frame: MDPFrame, _ payload: MDPPayload, uptime: Int64?, _ origin: Origin,
        into batch: inout ObservationBatch, _ events: inout [BoardEvent]
    ) {
        var observation = Observation(device: origin.device, received: origin.received, source: .serial)
        observation.deviceSeq = frame.header.seq
        observation.payloadHash = PayloadHash.of(frame.body)
        var messageID = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
        var isWhole = true
        switch payload {
        case .json(let value, let isRepaired) where value.isObject:
            if isRepaired { observation.flags.insert(.repaired) }
            if let pack = value["pack"] {
                isWhole = PackReadings.append(pack, by: origin.device, to: &batch)
                if let place = value["geo"].flatMap({ EnvelopePlace($0) }) {
                    isWhole = place.append(quality: .ok, to: &batch) && isWhole
                }
                messageID = value["hdr"]?["msgId"]?.utf8 ?? messageID
            } else {
                isWhole = MDPReadings.append(value, by: origin.device, to: &batch)
            }
            BSECAccuracy.heed(in: &batch)
        case .packed(let content):
            var readings = PackedReadings()
            guard readings.append(content, to: &batch) else {
                return keep(frame, reason: "unknown_payload", origin, into: &batch)
            }
            if readings.hasGaps { observation.flags.insert(.repaired) }
        default: return keep(frame, reason: "unknown_payload", origin, into: &batch)
        }
        finish(
            observation, of: frame.header.source, uptime: uptime, into: &batch, &events, messageID: messageID)
        if !isWhole { keep(frame, reason: "values_dropped", origin, into: &batch) }
        if frame.header.ack != 0 {
            events.append(.answer(answer(.telemetry, frame, success: true, message: "", raw: "")))
        }
    }

    private func acknowledgement(_ frame: MDPFrame, _ payload: MDPPayload, _ events: inout [BoardEvent]) {
        if case .empty = payload, !frame.header.flags.contains(.isNack) {
            return events.append(.answer(answer(.receipt, frame, success: true, message: "", raw: "")))
        }
        var success = !frame.header.flags.contains(.isNack)
        var message = ""
        var raw = ""
        if case .json(let value, let isRepaired) = payload {
            if let told = value["success"]?.bool { success = success && told }
            message = value["message"]?.string ?? value["error"]?.string ?? ""
            raw = isRepaired ? JSON(value).text : String(decoding: frame.payload, as: UTF8.self)
        }
        events.append(.answer(answer(.acknowledgement, frame, success: success, message: message, raw: raw)))
    }

    private func answer(
        _ kind: BoardAnswer.Kind, _ frame: MDPFrame, success: Bool, message: String, raw: String
    ) -> BoardAnswer {
        BoardAnswer(
            kind: kind, ackSeq: frame.header.ack, source: frame.header.source, success: success, message: message,
            raw: raw)
    }

    private mutating func event(
        _ frame: MDPFrame, _ payload: MDPPayload, _ origin: Origin, into batch: inout ObservationBatch,
        _ events: inout [BoardEvent]
    ) {
        switch payload {
        case .json(let value, _) where value.isObject:
            happened(value["event"]?.string ?? "event", JSON(value).text, origin, into: &batch, &events)
        case .packed(.commandResult(let result)):
            events.append(
                .answer(
                    BoardAnswer(
                        kind: .acknowledgement, source: frame.header.source, command: String(result.commandID),
                        success: result.status == 0, message: "status \(result.status)", raw: "")))
        default: keep(frame, reason: "unknown_payload", origin, into: &batch)
        }
    }

    private mutating func greeting(
        _ frame: MDPFrame, _ payload: MDPPayload, _ origin: Origin, into batch: inout ObservationBatch,
        _ events: inout [BoardEvent]
    ) {
        guard case .json(let value, _) = payload, value.isObject else {
            return keep(frame, reason: "unknown_payload", origin, into: &batch)
        }
        let fields = HelloFields(value, isBoot: frame.header.ack == 0, source: frame.header.source)
        hello = fields
        events.append(.hello(fields))
        if frame.header.ack != 0 {
            events.append(.answer(answer(.hello, frame, success: true, message: "", raw: fields.raw)))
        } else {
            note(.events, "device_hello", fields.raw, origin, into: &batch)
        }
    }

    /// A good frame whose content is not understood is kept whole, as far as the budget for logs allows.
    private mutating func keep(
        _ frame: MDPFrame, reason: String, _ origin: Origin, into batch: inout ObservationBatch
    ) {
        let isSecret = isTransferringSecrets || SecretTransfer.isPEM(frame.payload)
        guard !isSecret, takeFromLogBudget() else { return withheld() }
        note(.logs, "serial_frame", frame.text(reason: reason), origin, into: &batch)
    }
}

/// The readings of an envelope that a board sends inside a frame: `[{"id", "v", "u", "q"?}]`.
private enum PackReadings {
    private static let countMax = 256

    /// Whether nothing was left out for want of a name, a unit or of room.
    static func append(_ pack: JSONValue, by device: DeviceName, to batch: inout ObservationBatch) -> Bool {
        var isWhole = true
        pack.forEachElement { item in
            guard batch.openReadings.count < countMax, let id = item["id"]?.utf8,
                let metric = MetricName(utf8: id, by: device)
            else {
                isWhole = false
                return
            }
            let told = item["u"]?.string.map { UnitSpelling.unit($0, by: device) } ?? Unit.none
            if told == nil { isWhole = false }
            let unit = told ?? .none
            let quality: Quality = item["q"]?.uint64.flatMap { Quality(rawValue: UInt8(min($0, 2))) } ?? .ok
            if let value = item["v"]?.double {
                batch.append(Reading(metric, .number(value), unit: unit, quality: quality))
            } else if let flag = item["v"]?.bool {
                batch.append(Reading(metric, .flag(flag), unit: unit, quality: quality))
            }
        }
        return isWhole
    }
}
