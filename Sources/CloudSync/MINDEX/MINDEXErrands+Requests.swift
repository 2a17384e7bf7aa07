internal import FieldProtocols
internal import GatewayModel
internal import HTTPClient
internal import JSONText

/// The requests of the errands, and what their answers mean.
extension MINDEXErrands {
    /// Commands asked for at once; the rest comes with the next poll.
    private static let commandsMax = 50

    func request(for errand: Errand, _ now: ReceiveTime) -> ClientRequest {
        let base = settings.base
        let headers = settings.credentials.headers(at: now.wall)
        switch errand {
        case .tell(let answer):
            let url = "\(base)/mycobrain/commands/\(Channel.escaped(answer.id))/ack"
            return ClientRequest(.post, url, headers: headers, body: Self.body(answer))
        case .identify(let device):
            let url = "\(base)/mycobrain/devices/serial/\(Channel.escaped(device.text))"
            return ClientRequest(.get, url, headers: headers)
        case .poll(_, let uuid):
            let url = "\(base)/mycobrain/commands/pending/\(Channel.escaped(uuid))?limit=\(Self.commandsMax)"
            return ClientRequest(.get, url, headers: headers)
        case .report(let device, let isOnline):
            return ClientRequest(
                .post, "\(base)/telemetry/health", headers: headers, body: body(device, isOnline: isOnline, now))
        }
    }

    /// Nil if the errand is done, or put off by itself; else what the answer says of the server.
    func take(_ answer: ClientAnswer, of errand: Errand, _ time: ReceiveTime) -> PushOutcome? {
        let now = time.monotonicMilliseconds
        let isGood = (200..<300).contains(answer.status)
        switch errand {
        case .tell(let told):
            if isGood || answer.status == 404 { return tell(told, didReach: true, "", now) }
            if [500, 400, 422].contains(answer.status) {
                return tell(told, didReach: false, "HTTP \(answer.status): \(judgement.detail(answer))", now)
            }
        case .identify(let device):
            if answer.status == 404 {
                stations.unknown(device, now: now)
                return nil
            }
            if isGood {
                guard let uuid = answer.json?["id"]?.string, (1...64).contains(uuid.utf8.count)
                else {
                    return judgement.foreign(answer)
                }
                stations.identified(device, as: uuid, now: now)
                commandTrouble = nil
                return nil
            }
        case .poll(let device, let uuid):
            if isGood { return poll(answer, device, uuid, time) }
            if answer.status == 500 {
                stations.polled(device, now: now, interval: settings.pollInterval)
                commandTrouble = "HTTP 500: \(judgement.detail(answer))"
                return nil
            }
        case .report(let device, _):
            // 404: MINDEX makes a device of the first envelope; until then it knows none.
            if isGood || [400, 404, 422, 500].contains(answer.status) {
                stations.reported(device.id, now: now, interval: settings.healthInterval)
                healthTrouble =
                    isGood || answer.status == 404 ? nil : "HTTP \(answer.status): \(judgement.detail(answer))"
                return nil
            }
        }
        return settings.credentials.explained(judgement.outcome(answer, wall: time.wall.milliseconds), time.wall)
    }

    private func tell(_ answer: RemoteAnswer, didReach: Bool, _ reason: String, _ now: Int64) -> PushOutcome? {
        guard let memory else { return nil }
        do {
            if didReach {
                try memory.told(answer.id)
                outbox.remove(answer.id)
                commandTrouble = nil
            } else if try memory.failed(answer.id, attempts: answer.attempts) {
                outbox.putOff(answer, now: now)
            } else {
                outbox.giveUp(answer.id, reason)
            }
            outbox.lookAt = min(outbox.lookAt, now + 1_000)
        } catch {
            storeTrouble = "\(error)"
            outbox.putOff(answer, now: now)
        }
        return nil
    }

    private func poll(_ answer: ClientAnswer, _ device: DeviceID, _ uuid: String, _ time: ReceiveTime) -> PushOutcome? {
        let now = time.monotonicMilliseconds
        guard let memory, let body = answer.json,
            let entries = MINDEXCommand.entries(body, device: device, uuid: uuid)
        else { return judgement.foreign(answer) }
        commandTrouble = nil
        stations.polled(device, now: now, interval: settings.pollInterval)
        do {
            for entry in entries {
                switch entry {
                case .command(let command):
                    if try memory.offer(command, now: time) == .full {
                        commandTrouble = "no room to remember more; they wait at the server"
                    }
                case .impossible(let command, let reason): try memory.refuse(command, reason: reason, now: time)
                }
            }
            storeTrouble = nil
        } catch {
            // It is offered again at the next poll.
            storeTrouble = "\(error)"
        }
        if !entries.isEmpty { outbox.lookAt = min(outbox.lookAt, now) }
        return nil
    }

    private static func body(_ answer: RemoteAnswer) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("command_id")
        writer.string(answer.id)
        writer.key("success")
        writer.bool(answer.isSuccess)
        writer.key(answer.isSuccess ? "response_payload" : "error_message")
        if answer.isSuccess {
            writer.beginObject()
            writer.key("message")
            writer.string(answer.message)
            writer.endObject()
        } else {
            writer.string(answer.message)
        }
        writer.endObject()
        return writer.finish()
    }

    private func body(_ device: DeviceAnnouncement, isOnline: Bool, _ now: ReceiveTime) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("device_slug")
        writer.string(device.id.text)
        writer.key("status")
        writer.string(isOnline ? "online" : "offline")
        for key in ["metrics", "metadata"] {
            writer.key(key)
            writer.beginObject()
            if key == "metadata" {
                writer.key("gateway_id")
                writer.string(settings.gatewayID)
                writer.key("source")
                writer.string(device.source.name)
                if let firmware = device.firmwareVersion {
                    writer.key("firmware_version")
                    writer.string(firmware)
                }
            }
            writer.endObject()
        }
        writer.key("alerts")
        writer.beginArray()
        writer.endArray()
        // Else MINDEX takes its own time.
        if now.wall.trusted {
            writer.key("recorded_at")
            writer.string(RFC3339.text(now.wall.milliseconds))
        }
        writer.endObject()
        return writer.finish()
    }
}
