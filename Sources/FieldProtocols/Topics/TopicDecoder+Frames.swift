internal import Crypto
internal import GatewayModel
internal import JSONText

/// Frames that a device passes on as they are: `{"frame_b64": base64 of the decoded MDP body}` on `mdp/frames`.
extension TopicDecoder {
    mutating func frame(_ message: Message, into batch: inout ObservationBatch) throws(RejectReason) -> Verdict {
        if policy(message.device).isRequired { throw .signatureRequired }
        let text = try parse(message.payload)["frame_b64"]?.utf8
        guard let text, var raw = Base64.decode(utf8: text) else { throw .badFrame }
        // The checksum belongs to the serial line and is left out here; some send it all the same.
        if !Self.endsWithChecksum(raw) { raw.append(littleEndian: raw.withUnsafeBytes { CRC16.of($0) }) }
        let result = raw.withUnsafeBytes { raw -> Result<Verdict, RejectReason> in
            do throws(RejectReason) { return .success(try frame(raw, message, into: &batch)) } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private static func endsWithChecksum(_ raw: [UInt8]) -> Bool {
        guard raw.count >= MDPLimits.headerCount + MDPLimits.checksumCount else { return false }
        return raw.withUnsafeBytes { raw in
            let body = UnsafeRawBufferPointer(rebasing: raw[..<(raw.count - MDPLimits.checksumCount)])
            return CRC16.of(body) == raw.u16(at: body.count)
        }
    }

    private mutating func frame(
        _ raw: UnsafeRawBufferPointer, _ message: Message, into batch: inout ObservationBatch
    ) throws(RejectReason) -> Verdict {
        let frame: MDPFrame
        do throws(MDPError) { frame = try MDPFrame(raw: raw) } catch { throw .badFrame }
        let payload = MDPPayload(frame, parser: parser)
        switch (frame.header.type, payload) {
        case (_, .failure(.payloadNotUTF8)): throw .notUTF8
        case (_, .failure): throw .malformedJSON
        case (.telemetry, _), (.wifiSense, .packed), (.droneTelemetry, .packed), (.droneMissionStatus, .packed):
            return try telemetry(frame, payload, message, into: &batch)
        case (.hello, .json(let value, _)):
            return .presence(message.device, DevicePresence(value, of: message.device, isAlive: true))
        case (.ack, .json(let value, _)):
            var answer = CommandAnswer(value)
            if frame.header.flags.contains(.isNack) { answer.isOK = false }
            return .commandAck(message.device, answer)
        case (.ack, .empty):
            let isOK = !frame.header.flags.contains(.isNack)
            return .commandAck(message.device, CommandAnswer(requestID: nil, isOK: isOK, result: nil))
        case (.event, .json(let value, _)) where value.isObject:
            return note(.events, "device_event", JSON(value).text, message, into: &batch)
        default: return note(.logs, "mdp_frame", frame.text(reason: "unknown_type"), message, into: &batch)
        }
    }

    private mutating func telemetry(
        _ frame: MDPFrame, _ payload: MDPPayload, _ message: Message, into batch: inout ObservationBatch
    ) throws(RejectReason) -> Verdict {
        var observation = message.observation()
        var facts = MessageFacts()
        switch payload {
        case .json(let value, let isRepaired):
            if isRepaired { observation.flags.insert(.repaired) }
            facts = try telemetry.decode(
                value, of: message.device, received: message.received, quality: message.quality, into: &batch)
        case .packed(let packed):
            var readings = PackedReadings()
            guard readings.append(packed, to: &batch) else { throw .badFrame }
            if readings.hasGaps { observation.flags.insert(.repaired) }
            if case .telemetryV1(let telemetry) = packed {
                facts.uptimeMilliseconds = Int64(telemetry.uptimeMilliseconds)
            }
        default: throw .badFrame
        }
        guard !batch.openReadings.isEmpty else { throw facts.dropped ?? .noReadings }
        dropped = facts.dropped
        observation.deviceSeq = frame.header.seq
        observation.deviceTime = facts.deviceTime
        observation.bootEvidence = facts.bootEvidence
        batch.append(observation, messageID: facts.messageID)
        return .observation(message.device, replayAck: nil)
    }

    private func note(
        _ stream: StreamName, _ kind: String, _ body: String, _ message: Message, into batch: inout ObservationBatch
    ) -> Verdict {
        batch.append(Note(stream, kind: kind, device: message.device.id, body: body, received: message.received))
        return .note
    }
}
